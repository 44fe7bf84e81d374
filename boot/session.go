package boot

import "ironhook/baremetal"

// Act is an action of a machine in a session with its disk, over any transport.
type Act int

// The acts from which a boot can be followed.
const (
	SessionOpened Act = iota + 1
	SessionRead       // for the first time
	SessionWrote      // for the first time
	SessionClosed     // and the machine has no other
)

// Next is the event that an act adds to the present boot, "" for none. Each step comes
// once in a boot; a session that is opened after a logout renews the system's, and the
// boot goes on. Firmware reports whether the session is known to be the firmware's: any
// other firmware is recognized by being the first.
//
// The answer depends on the log alone, so a restart of ours in the middle of a boot
// changes nothing.
func (h History) Next(a Act, firmware bool) baremetal.EventKind {
	b := h.Last()
	if b.off {
		b = newBoot()
	}
	if a == SessionClosed {
		if b.took(baremetal.EventSystem) && !b.Ended { // firmware just vanishes when it hands over
			return baremetal.EventLogout
		}
		return ""
	}
	if a == SessionOpened && b.Ended {
		return baremetal.EventSystem
	}
	if kind := b.stepOf(a, firmware); kind != "" && !b.took(kind) {
		return kind
	}
	return ""
}

// stepOf returns the step that an act completes, "" if the boot took it before or it is none.
func (b *Boot) stepOf(a Act, firmware bool) baremetal.EventKind {
	switch {
	case a == SessionOpened && (firmware || !b.took(baremetal.EventLogin)):
		return baremetal.EventLogin
	case a == SessionOpened:
		return baremetal.EventSystem
	case a == SessionRead && b.took(baremetal.EventLogin):
		return baremetal.EventFirstRead
	case a == SessionWrote && !firmware && b.took(baremetal.EventSystem):
		return baremetal.EventUp
	}
	return ""
}
