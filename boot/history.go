package boot

import (
	"cmp"
	"slices"
	"time"

	"ironhook/baremetal"
)

// History is the boots of one machine, oldest first. None is empty.
type History []*Boot

// NewHistory cuts the events of one machine, oldest first, into its boots. Events that
// are not part of a boot are left out.
func NewHistory(events []*baremetal.Event) History {
	var h History
	for _, e := range events {
		h.Add(e)
	}
	return h
}

// Add appends an event that is newer than those before. It changes no boot but the last.
func (h *History) Add(e *baremetal.Event) {
	switch h.Last().place(e) {
	case begins:
		b := newBoot()
		b.add(e)
		*h = append(*h, b)
	case within:
		h.Last().add(e)
	}
}

// Last is the present boot: the latest, or an empty one when there is none.
func (h History) Last() *Boot {
	if len(h) == 0 {
		return newBoot()
	}
	return h[len(h)-1]
}

// place is where an event belongs.
type place int

const (
	outside place = iota // to no boot
	within               // to the present boot
	begins               // to the next boot
)

const (
	// silence is the time after which a machine that asks for an address is booting
	// again. Firmware and iPXE each ask within one boot, and firmware repeats itself
	// for up to a minute.
	silence = 2 * time.Minute
	// pollDelay is how late a power-on that was not ours may be seen: BMCs are asked
	// for the power state at intervals.
	pollDelay = time.Minute
)

// place returns where an event after those of b belongs. This is the only place that
// says where a boot begins and ends.
//
// A boot begins with a power-on. It ends with a power-off, for good, or with the logout
// from its volume, until the machine logs in again. Without a power-on it begins with
// what only firmware asks for, the steps before the login, when that shows a reset: after
// the end of a boot, and for a script or a boot program after the login. A request for
// an address shows a reset after the script too, because iPXE then has all it needs, and
// after a silence.
func (b *Boot) place(e *baremetal.Event) place {
	login := step(baremetal.EventLogin)
	at := step(cmp.Or(e.Step, e.Kind)) // -1 for a refusal or an error of no certain step
	newBoot := false
	switch {
	case !slices.Contains(Kinds, e.Kind), b.empty() && ends(e.Kind), b.shows(e):
		return outside
	case ends(e.Kind): // of this boot
	case b.empty(), b.off, e.Kind == baremetal.EventPowerOn:
		newBoot = true
	case b.Ended:
		newBoot = at < login
	case e.Kind == baremetal.EventDiscover:
		newBoot = b.Reached() > step(baremetal.EventScript) || e.At.Sub(b.last().At) > silence
	case e.Kind == baremetal.EventFile, e.Kind == baremetal.EventScript:
		newBoot = b.Reached() > login
	}
	if newBoot {
		return begins
	}
	return within
}

// shows reports whether e is a power-on, seen late, of a machine whose requests have
// shown already that it is on.
func (b *Boot) shows(e *baremetal.Event) bool {
	if e.Kind != baremetal.EventPowerOn || b.empty() || b.Ended {
		return false
	}
	first := step(b.Events[0].Kind)
	return 0 < first && first < step(baremetal.EventLogin) && e.At.Sub(b.Began) < pollDelay
}

// ends reports whether a boot ends with an event of this kind.
func ends(kind baremetal.EventKind) bool {
	return kind == baremetal.EventPowerOff || kind == baremetal.EventLogout
}

// Kinds are the events that boots are made of: the steps, and what ends or breaks a boot.
var Kinds = slices.Concat(baremetal.BootSteps, []baremetal.EventKind{
	baremetal.EventPowerOff, baremetal.EventLogout, baremetal.EventRefused, baremetal.EventError,
})

// firm are Kinds without refusals and errors, which others may cause in a machine's name.
var firm = Kinds[: len(Kinds)-2 : len(Kinds)-2]

// Read makes the history of a machine from its latest events, about limit of them. Latest
// returns the newest events of the kinds, at most so many, oldest first; its error is
// returned as it is. Refusals and errors, of which there may be no end, do not displace
// the steps of the present boot.
func Read(limit int, latest func(kinds []baremetal.EventKind, limit int) ([]*baremetal.Event, error)) (History, error) {
	all, err := latest(Kinds, limit)
	if err != nil || len(all) < limit {
		return NewHistory(all), err
	}
	taken, err := latest(firm, limit)
	if err != nil {
		return nil, err
	}
	all = append(all, taken...)
	order := func(a, b *baremetal.Event) int { return cmp.Compare(a.Seq, b.Seq) }
	slices.SortFunc(all, order)
	return NewHistory(slices.CompactFunc(all, func(a, b *baremetal.Event) bool { return a.Seq == b.Seq })), nil
}
