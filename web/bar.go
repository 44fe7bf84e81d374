package web

import (
	"time"

	"ironhook/baremetal"
)

// StepState is how far one step of a boot has come.
type StepState string

// The states of a step. They are CSS classes too.
const (
	StepWaiting StepState = "waiting"
	StepDone    StepState = "done"
	StepSkipped StepState = "skipped" // not seen, but a later one was: a ROM with iPXE fetches no boot program
	StepFailed  StepState = "failed"
)

// Step is one segment of a boot bar.
type Step struct {
	Kind   baremetal.EventKind
	State  StepState
	At     time.Time // zero unless done
	Detail string
}

// Bar is one boot of one machine as far as it has come.
type Bar struct {
	Steps  []Step    // one per step, in the order of baremetal.BootSteps
	Began  time.Time // zero when the machine never booted
	Latest time.Time // when the boot last got on
	Reason string    // what broke the boot, in the words of the event; "" when nothing did
	Ended  bool      // the machine went off, or let go of its volume
	Linked bool      // it has a session with its volume now
}

// bootBar makes the bar of the last boot in events, which are those of one
// machine, oldest first. It needs no clock: what depends on the time of looking
// is asked of the Bar.
func bootBar(events []*baremetal.Event) Bar {
	all := boots(events)
	if len(all) == 0 {
		return barOf(nil)
	}
	return barOf(all[len(all)-1])
}

// barOf makes the bar of one boot.
func barOf(boot []*baremetal.Event) Bar {
	bar := Bar{Steps: make([]Step, len(baremetal.BootSteps))}
	for i, kind := range baremetal.BootSteps {
		bar.Steps[i] = Step{Kind: kind, State: StepWaiting}
	}
	for _, e := range boot {
		bar.add(e)
	}
	return bar
}

func (b *Bar) add(e *baremetal.Event) {
	if b.Began.IsZero() {
		b.Began, b.Latest = e.At, e.At
	}
	switch i := step(e.Kind); {
	case i >= 0:
		b.reach(i, e)
	case ends(e.Kind):
		b.Ended = true
	default:
		b.fail(e)
	}
}

// reach marks step i as done the first time it is seen. Getting past a failure
// heals it.
func (b *Bar) reach(i int, e *baremetal.Event) {
	b.Ended, b.Latest = false, e.At
	b.skip(i)
	if b.Steps[i].State != StepDone {
		b.Steps[i] = Step{Kind: e.Kind, State: StepDone, At: e.At, Detail: e.Detail}
	}
	if b.failed() < 0 {
		b.Reason = ""
	}
}

// fail marks the step that e names, or else the one that was awaited. What the boot
// got past cannot fail any more: somebody else asked in the machine's name.
func (b *Bar) fail(e *baremetal.Event) {
	i := step(e.Step)
	switch next := b.Next(); {
	case next < 0:
		return
	case i < 0:
		i = next
	case i < next-1, e.Kind == baremetal.EventRefused && b.Steps[i].State == StepDone:
		return
	}
	b.skip(i)
	b.Steps[i].State, b.Latest, b.Reason = StepFailed, e.At, e.Detail
	if b.Reason == "" {
		b.Reason = captions[b.Steps[i].Kind].stuck
	}
}

// skip marks the steps before i that were not seen.
func (b *Bar) skip(i int) {
	for j := range b.Steps[:i] {
		if s := b.Steps[j].State; s == StepWaiting || s == StepFailed {
			b.Steps[j].State = StepSkipped
		}
	}
}

// Next is the index of the step that the boot waits for or failed at, -1 when it
// is up.
func (b Bar) Next() int {
	next := 0
	for i, s := range b.Steps {
		if s.State == StepDone || s.State == StepSkipped {
			next = i + 1
		}
	}
	if next == len(b.Steps) {
		return -1
	}
	return next
}

func (b Bar) failed() int {
	for i, s := range b.Steps {
		if s.State == StepFailed {
			return i
		}
	}
	return -1
}

// Reached is how many steps the boot has behind it.
func (b Bar) Reached() int {
	if next := b.Next(); next >= 0 {
		return next
	}
	return len(b.Steps)
}

// Up tells whether the boot came to its end.
func (b Bar) Up() bool { return b.Next() < 0 }

// observe corrects what the events say by what is known now: the power state, and the
// sessions with the disks that the machine is given. A session ends with the power,
// but an answer about the power may be old.
func (b *Bar) observe(power baremetal.PowerState, l link) {
	b.Linked = l == linkUp
	b.Ended = !b.Linked && (b.Ended || power == baremetal.PowerOff || l == linkDown && b.Up())
}

// Serving reports whether the machine is seen to run from its volume, though its boot
// was not, or not to the end: the log is younger than the session, or its root is read-only.
func (b Bar) Serving(now time.Time) bool {
	if !b.Linked || b.Reason != "" || b.Up() {
		return false
	}
	last := len(b.Steps) - 1
	return b.Began.IsZero() || b.Next() == last && b.Stuck(now) != ""
}

// Running tells whether the boot is still under way.
func (b Bar) Running() bool { return !b.Began.IsZero() && !b.Up() && !b.Ended && b.Reason == "" }

// Stuck says what to look at when the awaited step has not come for too long at
// the time now, and is "" as long as it may still come.
func (b Bar) Stuck(now time.Time) string {
	if !b.Running() {
		return ""
	}
	c := captions[b.Steps[b.Next()].Kind]
	if now.Sub(b.Latest) < c.patience {
		return ""
	}
	return c.stuck
}

// Elapsed is how long the boot took, or has taken until now while it runs.
func (b Bar) Elapsed(now time.Time) time.Duration {
	switch {
	case b.Began.IsZero():
		return 0
	case b.Up():
		return b.Steps[len(b.Steps)-1].At.Sub(b.Began)
	case b.Running():
		return now.Sub(b.Began)
	}
	return b.Latest.Sub(b.Began)
}
