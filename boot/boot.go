package boot

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

// Step is one step of a boot.
type Step struct {
	Kind   baremetal.EventKind
	State  StepState
	At     time.Time // of the first event; zero unless done
	Detail string
}

// Boot is one boot of one machine as far as it has come. It needs no clock: what depends
// on the time of looking is its [Status].
type Boot struct {
	Steps  []Step    // one per step, in the order of baremetal.BootSteps
	Began  time.Time // zero when the boot is empty
	Latest time.Time // of the last step, or the failure
	Reason string    // what broke the boot, one line for a person; "" when nothing did
	// Cause is what broke the boot when that is none of its steps, such as
	// baremetal.EventAttach; "" otherwise.
	Cause  baremetal.EventKind
	Ended  bool // the machine went off, or logged out of its volume
	Events []*baremetal.Event

	off bool // the machine went off: unlike a logout, that is final
}

func newBoot() *Boot {
	b := &Boot{Steps: make([]Step, len(baremetal.BootSteps))}
	for i, kind := range baremetal.BootSteps {
		b.Steps[i] = Step{Kind: kind, State: StepWaiting}
	}
	return b
}

func (b *Boot) empty() bool { return len(b.Events) == 0 }

func (b *Boot) last() *baremetal.Event { return b.Events[len(b.Events)-1] }

// add appends an event that is within the boot.
func (b *Boot) add(e *baremetal.Event) {
	if b.empty() {
		b.Began, b.Latest = e.At, e.At
	}
	b.Events = append(b.Events, e)
	switch i := step(e.Kind); {
	case i >= 0:
		b.reach(i, e)
	case ends(e.Kind):
		b.Ended = true
		b.off = b.off || e.Kind == baremetal.EventPowerOff
	default:
		b.fail(e)
	}
}

// reach marks step i as done the first time it is seen. Getting past a failure heals it.
func (b *Boot) reach(i int, e *baremetal.Event) {
	b.Ended, b.Latest = false, e.At
	b.skip(i)
	if b.Steps[i].State != StepDone {
		b.Steps[i] = Step{Kind: e.Kind, State: StepDone, At: e.At, Detail: e.Detail}
	}
	if b.failed() < 0 {
		b.Reason, b.Cause = "", ""
	}
}

// fail marks the step that e names, or else the awaited one. A step that the boot got
// past cannot fail any more: another machine asked in this one's name.
func (b *Boot) fail(e *baremetal.Event) {
	i := step(e.Step)
	switch next := b.Awaited(); {
	case next < 0:
		return
	case i < 0:
		i = next
	case i < next-1, b.Steps[i].State == StepSkipped, e.Kind == baremetal.EventRefused && b.Steps[i].State == StepDone:
		return
	}
	b.skip(i)
	if later := b.failed(); later > i { // one step fails at a time
		b.Steps[later].State = StepWaiting
	}
	b.Steps[i] = Step{Kind: b.Steps[i].Kind, State: StepFailed}
	b.Latest, b.Reason, b.Cause = e.At, e.Detail, ""
	if step(e.Step) < 0 {
		b.Cause = e.Step
	}
	if b.Reason == "" {
		b.Reason = Remedy(b.Steps[i].Kind)
	}
}

// skip marks the steps before i that were not seen.
func (b *Boot) skip(i int) {
	for j := range b.Steps[:i] {
		if s := b.Steps[j].State; s == StepWaiting || s == StepFailed {
			b.Steps[j].State = StepSkipped
		}
	}
}

func (b *Boot) failed() int {
	for i, s := range b.Steps {
		if s.State == StepFailed {
			return i
		}
	}
	return -1
}

// Reached is how many steps the boot has taken or skipped.
func (b *Boot) Reached() int {
	reached := 0
	for i, s := range b.Steps {
		if s.State == StepDone || s.State == StepSkipped {
			reached = i + 1
		}
	}
	return reached
}

// Awaited is the index of the step that the boot waits for or failed at, -1 when the
// machine came up.
func (b *Boot) Awaited() int {
	if b.Up() {
		return -1
	}
	return b.Reached()
}

// Up reports whether the boot came to its last step.
func (b *Boot) Up() bool { return b.Reached() == len(b.Steps) }

// took reports whether the step of this kind was seen.
func (b *Boot) took(kind baremetal.EventKind) bool { return b.Steps[step(kind)].State == StepDone }
