package conductor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// suspending makes a deployment of three steps, of which the second is over when the test says so.
type suspending struct {
	*machine
	wait   Waiting
	over   bool
	failed error
}

func (s *suspending) steps(flow, *baremetal.Node) ([]Step, error) {
	note := func(what string) func(context.Context, *baremetal.Node) error {
		return func(context.Context, *baremetal.Node) error { return s.note(what) }
	}
	return []Step{
		{Name: "first", Do: note("first"), Undo: note("undo first")},
		{Name: "second", Do: note("second"), Undo: note("undo second"), Wait: s.wait,
			Await: func(context.Context, *baremetal.Node) (bool, error) { return s.over, s.failed }},
		{Name: "third", Do: note("third"), Undo: note("undo third")},
	}, nil
}

// waitingNode is a node whose deployment waits in its second step.
func waitingNode(t *testing.T, w Waiting) (*Conductor, *suspending) {
	t.Helper()
	c, m := setup(t, baremetal.Available)
	s := &suspending{machine: m, wait: w}
	c.planOf = s.steps
	n := ask(t, c, "active")
	if n.ProvisionState != baremetal.DeployWait || n.Reservation != "" || n.DeployStep.Text("step") != "second" {
		t.Fatalf("a plan that is suspended: %q, reserved %q, step %v, error %q", n.ProvisionState, n.Reservation, n.DeployStep, n.LastError)
	}
	return c, s
}

// TestASuspendedPlan goes on once its step is over, at a report; until then it waits, and
// not even an event tells of the question.
func TestASuspendedPlan(t *testing.T) {
	c, s := waitingNode(t, Waiting{For: "its agent"})
	for i := range 3 {
		s.over = i == 2
		if err := c.Continue(t.Context(), "pc"); err != nil {
			t.Fatal(err)
		}
		want := map[bool]baremetal.ProvisionState{true: baremetal.Active, false: baremetal.DeployWait}[s.over]
		if n := settled(t, c); n.ProvisionState != want {
			t.Fatalf("after report %d: %q, want %q, error %q", i, n.ProvisionState, want, n.LastError)
		}
	}
	if did := strings.Join(s.actions(), ", "); did != "import, first, second, third" && did != "first, second, third" {
		t.Errorf("done %q: each step once", did)
	}
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get("pc")
		if err != nil {
			return err
		}
		for key := range n.DriverInternalInfo {
			if strings.Contains(key, "_step_") {
				t.Errorf("%s is left", key)
			}
		}
		events, err := tx.Events(store.EventQuery{Node: id})
		told := slices.ContainsFunc(events, func(e *baremetal.Event) bool { return e.Detail == "second waits for its agent" })
		if !told || len(events) > 6 {
			t.Errorf("%d events, what is waited for told %v", len(events), told)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestASuspendedPlanEnds in other ways: its step fails, it is aborted, its time is up. What
// was done is undone in reverse, also by a conductor that knows the node only from the store.
func TestASuspendedPlanEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(c *Conductor, s *suspending) error
		says string
	}{
		"fails": {func(c *Conductor, s *suspending) error {
			s.failed = errors.New("no disk")
			return c.Continue(t.Context(), "pc")
		}, "Failed to deploy node " + id + ": second: no disk"},
		"aborted": {func(c *Conductor, _ *suspending) error {
			return c.Provision(t.Context(), "pc", ProvisionRequest{Target: "abort"})
		}, `By request, the deploy operation was aborted during or after the completion of step "deploy.second"`},
		"late": {func(c *Conductor, _ *suspending) error {
			edit(t, c, func(n *baremetal.Node) {
				n.DriverInternalInfo["deploy_step_waits"].(map[string]any)["since"] = time.Now().Add(-time.Minute).Format(time.RFC3339)
			})
			return (&waker{c, map[string]time.Time{}}).round(t.Context())
		}, "waited 30s for somebody"},
	} {
		t.Run(name, func(t *testing.T) {
			old, s := waitingNode(t, Waiting{For: "somebody", Within: 30 * time.Second})
			c := New(old.Config) // as after a restart
			c.planOf = s.steps
			if err := c.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := test.end(c, s); err != nil {
				t.Fatal(err)
			}
			n := settled(t, c)
			if n.ProvisionState != baremetal.DeployFailed || n.LastError != test.says || n.DeployStep != nil {
				t.Errorf("%q, step %v, error %q, want %q", n.ProvisionState, n.DeployStep, n.LastError, test.says)
			}
			if did := strings.Join(s.actions(), ", "); !strings.HasSuffix(did, "first, second, undo second, undo first") {
				t.Errorf("done %q", did)
			}
		})
	}
}

// TestAPlanThatIsAsked goes on without a report, not sooner than its step wants to be asked.
func TestAPlanThatIsAsked(t *testing.T) {
	c, s := waitingNode(t, Waiting{For: "its BMC", Every: time.Hour})
	k := &waker{c, map[string]time.Time{}}
	for _, test := range []struct {
		over bool
		ago  time.Duration // of the last question
		want baremetal.ProvisionState
	}{
		{false, 2 * time.Hour, baremetal.DeployWait}, {true, time.Minute, baremetal.DeployWait}, {true, time.Hour, baremetal.Active},
	} {
		s.over, k.asked[id] = test.over, time.Now().Add(-test.ago)
		if err := k.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := settled(t, c); n.ProvisionState != test.want {
			t.Errorf("asked %v ago, over %v: %q, want %q", test.ago, test.over, n.ProvisionState, test.want)
		}
	}
}

// A ramdisk that says that it failed ends the plan, with its own words; one of a node that does not wait ends nothing.
func TestAgentFailed(t *testing.T) {
	c, _ := waitingNode(t, Waiting{For: "its ramdisk"})
	const words = "kickstart: no space left on /dev/sda3"
	if err := c.AgentFailed(t.Context(), id, words); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if n.ProvisionState != baremetal.DeployFailed || n.LastError != words {
		t.Errorf("%s, last error %q, want %s and %q", n.ProvisionState, n.LastError, baremetal.DeployFailed, words)
	}
	if err := c.AgentFailed(t.Context(), id, "again"); err != nil {
		t.Error(err)
	}
	if n := settled(t, c); n.LastError != words {
		t.Errorf("a node that does not wait: last error %q", n.LastError)
	}
}

// TestRecoverLeavesWhoWaits: a conductor that dies while it asks a step leaves the node reserved. The next one
// releases it, and it goes on waiting.
func TestRecoverLeavesWhoWaits(t *testing.T) {
	old, s := waitingNode(t, Waiting{For: "its agent"})
	edit(t, old, func(n *baremetal.Node) { n.Reservation = old.Host })
	c := New(old.Config)
	c.planOf = s.steps
	if err := c.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if n.ProvisionState != baremetal.DeployWait || n.Reservation != "" || n.LastError != "" || n.DeployStep.Text("step") != "second" {
		t.Errorf("%q, reserved %q, step %v, error %q", n.ProvisionState, n.Reservation, n.DeployStep, n.LastError)
	}
	s.over = true
	if err := c.Continue(t.Context(), "pc"); err != nil {
		t.Fatal(err)
	}
	if n := settled(t, c); n.ProvisionState != baremetal.Active {
		t.Errorf("when its step is over: %q, %q", n.ProvisionState, n.LastError)
	}
}

// TestProgress makes an event of each tenth, and of nothing else, whatever an agent says.
func TestProgress(t *testing.T) {
	c, _ := waitingNode(t, Waiting{For: "its agent"})
	for _, percent := range []int{-5, 0, 3, 10, 14, 12, 57, 57, 20, 99, 100, 1 << 40} {
		n, err := c.node(t.Context(), "pc")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.progressed(t.Context(), n, agentCommand{Status: "RUNNING", Percent: percent}); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Node: id, Kinds: []baremetal.EventKind{baremetal.EventProgress}})
		for _, e := range events {
			said = append(said, e.Detail)
		}
		return err
	})
	if want := "second: 10 % done, second: 50 % done, second: 90 % done"; err != nil || strings.Join(said, ", ") != want {
		t.Errorf("events %q, %v, want %q", said, err, want)
	}
}
