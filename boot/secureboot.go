package boot

import (
	"strings"

	"ironhook/baremetal"
)

// SignedPrograms is the folder, as the detail of the event file has it, of programs that
// firmware with Secure Boot starts.
const SignedPrograms = "secure/"

// GRUB begins the detail of the event discover or script when it is GRUB that asks.
const GRUB = "GRUB"

// SecureBoot reports whether the firmware of a node is to be given signed programs: as the
// node declares it, else by what its firmware has done with the program it fetched last.
// Firmware that did not start that one is given the other kind, until one starts.
// latest is the newest events of the node, oldest first.
func SecureBoot(n *baremetal.Node, latest []*baremetal.Event) bool {
	if secure, declared := n.DeclaresSecureBoot(); declared {
		return secure
	}
	signed, started, seen := false, true, false
	for _, e := range latest {
		switch {
		case e.Kind == baremetal.EventFile && strings.HasPrefix(e.Detail, SignedPrograms):
			signed, started, seen = true, false, true
		case e.Kind == baremetal.EventFile && strings.Contains(e.Detail, ".efi "):
			signed, started, seen = false, false, true
		case e.Kind == baremetal.EventScript, e.Kind == baremetal.EventDiscover && strings.HasPrefix(e.Detail, IPXE):
			started = true
		}
	}
	return seen && signed == started
}
