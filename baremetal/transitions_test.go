package baremetal

import (
	"bufio"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// machineOf reads a state machine written as in testdata/transitions.txt.
func machineOf(t *testing.T, path string) (moves map[ProvisionState]map[ProvisionEvent]ProvisionState,
	goals map[ProvisionState]ProvisionState) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	moves, goals = map[ProvisionState]map[ProvisionEvent]ProvisionState{}, map[ProvisionState]ProvisionState{}
	var state ProvisionState
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		event, to, isMove := strings.Cut(strings.TrimSpace(line), " -> ")
		switch {
		case line == "" || line[0] == '#':
		case isMove:
			moves[state][ProvisionEvent(event)] = ProvisionState(to)
		default:
			name, goal, _ := strings.Cut(strings.TrimSuffix(line, "]"), " [")
			state = ProvisionState(name)
			moves[state], goals[state] = map[ProvisionEvent]ProvisionState{}, ProvisionState(goal)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return moves, goals
}

// everyEvent has the verbs of the API and the outcomes of work.
var everyEvent = []ProvisionEvent{
	VerbManage, VerbProvide, VerbDeploy, VerbRebuild, VerbDelete, VerbInspect, VerbAbort, VerbClean, VerbAdopt, VerbRescue, VerbUnrescue,
	VerbService, VerbUnhold, Done, Fail, Wait, Hold, Resume,
}

// TestTransitionsBySecondSource holds the table of moves against Ironic's: every pair of
// state and event leads where it does there, and every other pair leads nowhere.
func TestTransitionsBySecondSource(t *testing.T) {
	want, goals := machineOf(t, "testdata/transitions.txt")
	states := slices.Collect(maps.Keys(want))
	for _, unknown := range []ProvisionState{"", "deleted", "service"} {
		if unknown.Known() {
			t.Errorf("%q is known, and not in the second source", unknown)
		}
		states = append(states, unknown)
	}
	for _, m := range moves {
		if want[m.from] == nil {
			t.Errorf("state %q is not in the second source", m.from)
		}
	}
	for _, state := range states {
		for event := range want[state] {
			if !slices.Contains(everyEvent, event) {
				t.Fatalf("the second source has the event %q", event)
			}
		}
		for _, event := range everyEvent {
			to, legal := want[state][event]
			if got, ok := state.Next(event); ok != legal || got != to {
				t.Errorf("%q by %q leads to %q (%v), want %q (%v)", state, event, got, ok, to, legal)
			}
		}
		if got := state.Goal(); got != goals[state] {
			t.Errorf("%q is on its way to %q, want %q", state, got, goals[state])
		}
	}
	if len(want) != 30 {
		t.Errorf("%d states in the second source, want 30", len(want))
	}
}

// TestTransientStatesCanFail: whatever a restart interrupts has a state to fail to.
func TestTransientStatesCanFail(t *testing.T) {
	want, _ := machineOf(t, "testdata/transitions.txt")
	n := 0
	for state, events := range want {
		if !state.Transient() {
			continue
		}
		n++
		if to := events[Fail]; to == "" || to.Transient() {
			t.Errorf("%q fails to %q, want a state that rests", state, to)
		}
	}
	if n != 9 {
		t.Errorf("%d transient states, want the 9 in which a conductor works", n)
	}
}
