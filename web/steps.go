package web

import "ironhook/baremetal"

// caption is the name of a step of a boot on the pages.
type caption struct {
	label string // on the bar
	done  string // in the timeline
}

// causes names what can break a boot and is none of its steps.
var causes = map[baremetal.EventKind]string{baremetal.EventAttach: "Volume"}

// captions has one for every step of [baremetal.BootSteps].
var captions = map[baremetal.EventKind]caption{
	baremetal.EventPowerOn:   {"Power", "Switched on"},
	baremetal.EventDiscover:  {"DHCP", "Asked for an address"},
	baremetal.EventOffer:     {"Offer", "Was offered its boot"},
	baremetal.EventFile:      {"Loader", "Fetched the boot program"},
	baremetal.EventScript:    {"Script", "Got its boot script"},
	baremetal.EventLogin:     {"Login", "Logged in to its volume"},
	baremetal.EventFirstRead: {"Read", "Read its first block"},
	baremetal.EventSystem:    {"System", "System took over the volume"},
	baremetal.EventUp:        {"Up", "Root is mounted"},
}
