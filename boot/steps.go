package boot

import (
	"slices"
	"time"

	"ironhook/baremetal"
)

// steps lists for each of [baremetal.BootSteps] how long it may take, and what to look at
// after that. The times are generous: a server's self test takes minutes, a reply of our
// own a moment.
var steps = map[baremetal.EventKind]struct {
	patience time.Duration
	remedy   string
}{
	baremetal.EventPowerOn: {time.Minute,
		"The machine was not switched on. Check its BMC's address and password."},
	baremetal.EventDiscover: {6 * time.Minute,
		"Power is on, but no DHCP request came. Check that network boot is first in the boot order, the cable, and the port's MAC address."},
	baremetal.EventOffer: {20 * time.Second,
		"The DHCP request was not answered. Check the DHCP mode and the address range."},
	baremetal.EventFile: {time.Minute,
		"The offer was not followed by a download. Another DHCP server may have answered first, or a firewall blocks TFTP."},
	baremetal.EventScript: {time.Minute,
		"iPXE did not ask for its script. Check that it got an address and reaches the boot server over HTTP."},
	baremetal.EventLogin: {time.Minute,
		"The machine has its script but did not log in to its volume. Check that it reaches the iSCSI portal."},
	baremetal.EventFirstRead: {time.Minute,
		"The machine logged in but reads nothing. Check that the volume holds something to boot."},
	baremetal.EventSystem: {5 * time.Minute,
		"The boot loader ran, but the operating system did not log in. Check its kernel command line and its initramfs for iSCSI."},
	baremetal.EventUp: {5 * time.Minute,
		"The operating system logged in but wrote nothing yet. It may run read-only, or wait at its console."},
}

// Remedy says what to look at when a step of a boot does not come, in one or more
// sentences for a person. It is "" for a kind that is not a step.
func Remedy(kind baremetal.EventKind) string { return steps[kind].remedy }

// step is the position of kind among the steps of a boot, -1 when it is none.
func step(kind baremetal.EventKind) int { return slices.Index(baremetal.BootSteps, kind) }
