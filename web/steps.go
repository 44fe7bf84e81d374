package web

import (
	"time"

	"ironhook/baremetal"
)

// caption is what people are told about one step of a boot.
type caption struct {
	label    string        // on the bar
	done     string        // in the timeline
	patience time.Duration // how long it may be awaited before it counts as stuck
	stuck    string        // what to look at then
}

// captions says it for every step of [baremetal.BootSteps]. The patience is
// generous: a server's self test takes minutes, a reply of our own a moment.
var captions = map[baremetal.EventKind]caption{
	baremetal.EventPowerOn: {"Power", "Switched on", time.Minute,
		"The machine was not switched on. Check its BMC's address and password."},
	baremetal.EventDiscover: {"DHCP", "Asked for an address", 6 * time.Minute,
		"Power is on, but no DHCP request came. Check that network boot is first in the boot order, the cable, and the port's MAC address."},
	baremetal.EventOffer: {"Offer", "Was offered its boot", 20 * time.Second,
		"The DHCP request was not answered. Check the DHCP mode and the address range."},
	baremetal.EventFile: {"Loader", "Fetched the boot program", time.Minute,
		"The offer was not followed by a download. Another DHCP server may have answered first, or a firewall blocks TFTP."},
	baremetal.EventScript: {"Script", "Got its boot script", time.Minute,
		"iPXE did not ask for its script. Check that it got an address and reaches the boot server over HTTP."},
	baremetal.EventLogin: {"Login", "Logged in to its volume", time.Minute,
		"The machine has its script but did not log in to its volume. Check that it reaches the iSCSI portal."},
	baremetal.EventFirstRead: {"Read", "Read its first block", time.Minute,
		"The machine logged in but reads nothing. Check that the volume holds something to boot."},
	baremetal.EventSystem: {"System", "System took over the volume", 5 * time.Minute,
		"The boot loader ran, but the operating system did not log in. Check its kernel command line and its initramfs for iSCSI."},
	baremetal.EventUp: {"Up", "Root is mounted", 5 * time.Minute,
		"The operating system logged in but wrote nothing yet. It may run read-only, or wait at its console."},
}

// bootKinds are the events that a boot is told by: the steps, and what ends or
// breaks one.
var bootKinds = append([]baremetal.EventKind{
	baremetal.EventPowerOff, baremetal.EventLogout, baremetal.EventRefused, baremetal.EventError,
}, baremetal.BootSteps...)
