package web

import (
	"slices"
	"time"

	"ironhook/baremetal"
)

// pause is the silence after which a machine that asks for an address is booting
// anew. Firmware and iPXE each ask within one boot, and firmware repeats itself for
// up to a minute.
const pause = 2 * time.Minute

// notice is how late it may be found out that somebody switched a machine on by
// hand: BMCs are asked for the power state at intervals.
const notice = time.Minute

// boots cuts the events of one machine, oldest first, into its boots, oldest
// first. No boot is empty. Events that are not part of a boot are left out.
//
// A boot begins when power goes on. It also begins with a request for an
// address (only firmware and iPXE make events of those) after a pause, after the
// end of the boot before, or after a boot script: iPXE got all it needed, so this
// is somebody who pressed the reset button.
func boots(events []*baremetal.Event) [][]*baremetal.Event {
	var all [][]*baremetal.Event
	for _, e := range events {
		last := len(all) - 1
		switch {
		case !slices.Contains(bootKinds, e.Kind), last < 0 && ends(e.Kind):
		case last >= 0 && late(all[last], e):
			// The boot is known already, and better: by the machine's own request.
		case last < 0 || begins(all[last], e):
			all = append(all, []*baremetal.Event{e})
		default:
			all[last] = append(all[last], e)
		}
	}
	return all
}

// begins tells whether e opens a new boot after the boot b.
func begins(b []*baremetal.Event, e *baremetal.Event) bool {
	switch e.Kind {
	case baremetal.EventPowerOn:
		return true
	case baremetal.EventDiscover:
		return ended(b) || e.At.Sub(b[len(b)-1].At) > pause || reached(b, baremetal.EventScript)
	case baremetal.EventRefused, baremetal.EventError:
		return ended(b) && !renews(b, e)
	}
	return false
}

// renews reports whether e is of a machine that runs and asks for its volume again.
// Only firmware asks for what comes before a login, and only it begins a boot.
func renews(b []*baremetal.Event, e *baremetal.Event) bool {
	return b[len(b)-1].Kind == baremetal.EventLogout && step(e.Step) >= step(baremetal.EventLogin)
}

// late tells whether e is the discovery that the machine is on, which b shows
// anyway.
func late(b []*baremetal.Event, e *baremetal.Event) bool {
	return e.Kind == baremetal.EventPowerOn && b[0].Kind == baremetal.EventDiscover &&
		!ended(b) && e.At.Sub(b[0].At) < notice
}

// ended tells whether the last thing known of b is that the machine went off or
// let go of its volume.
func ended(b []*baremetal.Event) bool { return ends(b[len(b)-1].Kind) }

func ends(kind baremetal.EventKind) bool {
	return kind == baremetal.EventPowerOff || kind == baremetal.EventLogout
}

func reached(b []*baremetal.Event, kind baremetal.EventKind) bool {
	return slices.ContainsFunc(b, func(e *baremetal.Event) bool { return e.Kind == kind })
}

// step is the position of kind among the steps of a boot, -1 when it is none.
func step(kind baremetal.EventKind) int { return slices.Index(baremetal.BootSteps, kind) }
