package boot

import (
	"strings"
	"time"

	"ironhook/baremetal"
)

// State is the present state of a boot.
type State string

// The states of a boot. They are CSS classes too.
const (
	StateIdle    State = "idle"    // no boot was seen
	StateRunning State = "running" // the next step may still come
	StateStuck   State = "stuck"   // the next step is overdue
	StateFailed  State = "failed"  // a step was refused or broke
	StateUp      State = "up"      // the system runs from its volume
	StateOver    State = "over"    // the boot, or the run of the system that followed, has ended
)

// Link says whether a machine has a session with a disk that Ironhook serves to it.
type Link int

// The links. The link is unknown when the disks are not served by Ironhook.
const (
	LinkUnknown Link = iota
	LinkDown
	LinkUp
)

// Sight is the present state of a machine, as far as it does not follow from its events.
type Sight struct {
	At    time.Time
	Power baremetal.PowerState // may be old; "" when it is not known
	Link  Link
	// Rests is when the machine came to a state in which nothing is deployed to it; zero
	// while something is, or shall be. A failure before that is over.
	Rests time.Time
	// ByHand reports whether a person presses the power button.
	ByHand bool

	past bool // another boot followed: a failure stays part of the story
}

// Look is the sight of a node.
func Look(n *baremetal.Node, link Link, now time.Time) Sight {
	s := Sight{At: now, Power: n.PowerState, Link: link, ByHand: n.Driver == baremetal.Manual}
	switch n.ProvisionState {
	case baremetal.Enroll, baremetal.Manageable, baremetal.Available:
		s.Rests = n.ProvisionUpdatedAt
	}
	return s
}

// LinkOf is the link of the node that has the grants. open returns the names of the iSCSI
// targets that have a session; nil where that is not known.
func LinkOf(grants []*baremetal.Grant, open func() map[string]bool) Link {
	if open == nil || len(grants) == 0 {
		return LinkUnknown
	}
	now := open()
	for _, g := range grants {
		if now[g.IQN] {
			return LinkUp
		}
	}
	return LinkDown
}

// Status is the state of a boot with its details.
type Status struct {
	State   State
	Problem string        // what is wrong and what to look at, for a person; "" when nothing is
	Chore   string        // what a person has to do before the boot can go on; "" for nothing
	Elapsed time.Duration // that the boot took, or has taken so far
	// Seen reports whether the events show the state. Otherwise there is no boot, or only
	// the open session shows that the machine is up, and Elapsed is zero.
	Seen bool
}

// Status is the status of boot i of the history. A boot that another one followed is over.
func (h History) Status(i int, now Sight) Status {
	if i < len(h)-1 {
		now.Power, now.Link, now.past = baremetal.PowerOff, LinkUnknown, true
	}
	return h[i].Status(now)
}

// Status is the status of b, the present boot of a machine. An open session means that the
// machine is on, whatever the log and the last answer about its power say.
func (b *Boot) Status(now Sight) Status {
	linked := now.Link == LinkUp
	overdue := b.overdue(now.At)
	switch {
	case linked && b.Reason == "" && b.older(overdue):
		return Status{State: StateUp}
	case b.empty():
		return Status{State: StateIdle}
	case b.Reason != "" && !b.settled(now):
		return Status{State: StateFailed, Problem: b.Reason, Elapsed: b.Latest.Sub(b.Began), Seen: true}
	case !linked && (b.Reason != "" || b.ended(now)):
		return Status{State: StateOver, Elapsed: b.length(), Seen: true}
	case b.Up():
		return Status{State: StateUp, Elapsed: b.length(), Seen: true}
	}
	s := Status{State: StateRunning, Elapsed: now.At.Sub(b.Began), Seen: true}
	next := b.Steps[b.Awaited()].Kind
	if now.ByHand && next == baremetal.EventDiscover {
		s.Chore = pressButton
		return s
	}
	if overdue {
		s.State, s.Problem = StateStuck, Remedy(next)
	}
	if overdue && next == baremetal.EventScript && b.refusedIPXE() {
		s.Problem = unsigned
	}
	return s
}

// unsigned is what to look at when UEFI does not start the iPXE that it has fetched.
const unsigned = "The firmware fetched iPXE and did not start it. With Secure Boot on it starts signed programs only: " +
	"switch Secure Boot off, or serve a signed iPXE from the directory of iPXE binaries."

// IPXE begins the detail of the event discover when it is iPXE that asks for an address.
const IPXE = "iPXE on "

// refusedIPXE reports whether UEFI fetched iPXE, and iPXE has not asked for an address since.
func (b *Boot) refusedIPXE() (refused bool) {
	uefi := false
	for _, e := range b.Events {
		switch {
		case e.Kind == baremetal.EventDiscover && strings.HasPrefix(e.Detail, IPXE):
			refused = false
		case e.Kind == baremetal.EventDiscover:
			uefi = strings.Contains(e.Detail, "UEFI")
		case e.Kind == baremetal.EventFile:
			refused = uefi
		}
	}
	return refused
}

// pressButton is the chore of a machine without a BMC that shall boot. Nothing is overdue
// until a person has done it.
const pressButton = "Press its power button, or switch it off and on again. It shall boot from the network."

// settled reports whether a failure is history: the machine was switched off after it, or
// nothing is deployed to the machine any more.
func (b *Boot) settled(now Sight) bool { return !now.past && (b.off || now.Rests.After(b.Latest)) }

// ended reports whether a machine without a session has ended its boot. A session ends
// with the power. Between the loader and the system there may be none.
func (b *Boot) ended(now Sight) bool {
	return b.Ended || now.Power == baremetal.PowerOff || now.Link == LinkDown && b.Up()
}

// overdue reports whether the awaited step has not come for too long.
func (b *Boot) overdue(now time.Time) bool {
	return !b.empty() && !b.Up() && now.Sub(b.Latest) >= steps[b.Steps[b.Awaited()].Kind].patience
}

// older reports whether a session that is open now is older than what the log shows of
// the boot: the log is younger than the session, or a request in the machine's name began
// a boot that came to no login. It reports the same of a system that never writes.
func (b *Boot) older(overdue bool) bool {
	next := b.Awaited()
	return b.empty() || overdue && (next <= step(baremetal.EventLogin) || next == len(b.Steps)-1)
}

// length is how long the boot took to its last step.
func (b *Boot) length() time.Duration {
	if b.Up() {
		return b.Steps[len(b.Steps)-1].At.Sub(b.Began)
	}
	return b.Latest.Sub(b.Began)
}
