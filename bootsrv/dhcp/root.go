package dhcp

import (
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Root is where the iSCSI initiator in the firmware of a machine finds its disk. It has no
// secret: that of CHAP is in the settings of the firmware.
type Root struct {
	Path      string // RFC 4173 section 5, "" for none
	Initiator string // IQN to log in with, "" for the firmware's own
}

// initiatorName is the option of the initiator's IQN, as iPXE has it.
var initiatorName = dhcpv4.GenericOptionCode(203)

// wantsRoot reports whether the client asks for a root path and may be such an initiator:
// iPXE takes its disks from its script.
func (x *exchange) wantsRoot() bool {
	return x.port != nil && x.kind != script &&
		slices.ContainsFunc(x.Packet.ParameterRequestList(), func(c dhcpv4.OptionCode) bool { return c.Code() == dhcpv4.OptionRootPath.Code() })
}

// add adds the options of the root to an answer.
func (r Root) add(a *dhcpv4.DHCPv4) {
	if r.Path == "" || max(len(r.Path), len(r.Initiator)) > longestEcho {
		return
	}
	a.UpdateOption(dhcpv4.OptRootPath(r.Path))
	if r.Initiator != "" {
		a.UpdateOption(dhcpv4.OptGeneric(initiatorName, []byte(r.Initiator)))
	}
}
