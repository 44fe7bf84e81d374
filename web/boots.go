package web

import (
	"slices"
	"time"

	"ironhook/baremetal"
)

// pause is the silence after which a machine that asks for an address is booting
// anew. Firmware, iPXE and the operating system each ask within one boot, and
// firmware repeats itself for up to a minute.
const pause = 2 * time.Minute

// boots cuts the events of one machine, oldest first, into its boots, oldest
// first. No boot is empty. Events that are not part of a boot are left out.
//
// A boot begins when power goes on; with the first request for an address after
// a pause or after the end of the boot before; and, where somebody pressed the
// reset button halfway, with the request before a boot program that is fetched
// after the volume was already in use, for no operating system fetches those.
func boots(events []*baremetal.Event) [][]*baremetal.Event {
	var all [][]*baremetal.Event
	for _, e := range events {
		if step(e.Kind) < 0 && !slices.Contains(bootKinds(), e.Kind) {
			continue
		}
		last := len(all) - 1
		switch {
		case last < 0 || begins(all[last], e):
			all = append(all, []*baremetal.Event{e})
		case e.Kind == baremetal.EventFile && reached(all[last], baremetal.EventLogin):
			cut := restart(all[last])
			all = append(all, append(slices.Clone(all[last][cut:]), e))
			all[last] = all[last][:cut]
		default:
			all[last] = append(all[last], e)
		}
	}
	return all
}

// begins tells whether e opens a new boot after the boot b.
func begins(b []*baremetal.Event, e *baremetal.Event) bool {
	end := b[len(b)-1]
	ended := end.Kind == baremetal.EventPowerOff || end.Kind == baremetal.EventLogout
	switch e.Kind {
	case baremetal.EventPowerOn:
		return true
	case baremetal.EventDiscover:
		return ended || e.At.Sub(end.At) > pause
	case baremetal.EventRefused, baremetal.EventError:
		return ended
	}
	return false
}

// restart is the index in b of the request for an address that came after the
// login, or the end of b when there was none.
func restart(b []*baremetal.Event) int {
	for i := len(b) - 1; i > 0 && b[i].Kind != baremetal.EventLogin; i-- {
		if b[i].Kind == baremetal.EventDiscover && b[i-1].Kind != baremetal.EventDiscover {
			return i
		}
	}
	return len(b)
}

func reached(b []*baremetal.Event, kind baremetal.EventKind) bool {
	return slices.ContainsFunc(b, func(e *baremetal.Event) bool { return e.Kind == kind })
}

// step is the position of kind among the steps of a boot, -1 when it is none.
func step(kind baremetal.EventKind) int { return slices.Index(baremetal.BootSteps, kind) }
