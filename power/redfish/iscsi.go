package redfish

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
)

// deviceFunction is what is read of a NetworkDeviceFunction (DSP0268).
type deviceFunction struct {
	Ethernet struct{ MACAddress, PermanentMACAddress string }
	ISCSI    map[string]any `json:"iSCSIBoot"`
	Can      []string       `json:"NetDevFuncCapabilities"`

	path, etag string
}

// WantsISCSIBoot reports whether the node asks for it in redfish_iscsi_boot.
func (*Driver) WantsISCSIBoot(n *baremetal.Node) bool {
	return driverinfo.Flag(n.DriverInfo, "redfish_iscsi_boot", false)
}

// SetISCSIBoot gives the firmware's own initiator its attempt, on the network function with one of these
// addresses, the first that there is. Its CHAP secrets go to the BMC, which hides them from then on.
func (d *Driver) SetISCSIBoot(ctx context.Context, n *baremetal.Node, macs []string, a baremetal.ISCSIAttempt) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		f, err := c.functionOf(ctx, s, macs)
		if err != nil {
			return err
		}
		return c.patch(ctx, f.path, f.etag, map[string]any{"iSCSIBoot": attempt(a), "BootMode": "iSCSI"})
	})
}

// functionOf finds a network function that can boot over iSCSI.
func (c *conversation) functionOf(ctx context.Context, s *system, macs []string) (*deviceFunction, error) {
	adapters, err := c.adapters(ctx, s)
	if err != nil {
		return nil, err
	}
	known := map[string]*deviceFunction{}
	for _, a := range adapters {
		if a.Functions.ID == "" {
			continue
		}
		paths, err := c.members(ctx, a.Functions.ID)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			f := &deviceFunction{path: path}
			if f.etag, err = c.get(ctx, path, f); err != nil {
				return nil, err
			}
			if f.ISCSI == nil {
				continue
			}
			for _, mac := range []string{f.Ethernet.MACAddress, f.Ethernet.PermanentMACAddress} {
				known[strings.ToLower(mac)] = f
			}
		}
	}
	for _, mac := range macs {
		if f := known[strings.ToLower(mac)]; f != nil {
			return f, nil
		}
	}
	return nil, absent(fmt.Sprintf("iSCSI boot by one of the network functions %v", macs))
}

// attempt is the iSCSIBoot object of a PATCH. The address of the machine comes from DHCP, that of the
// target from here.
func attempt(a baremetal.ISCSIAttempt) map[string]any {
	kind := "IPv4"
	if ip, err := netip.ParseAddr(a.Address); err == nil && ip.Is6() {
		kind = "IPv6"
	}
	o := map[string]any{
		"IPAddressType": kind, "IPMaskDNSViaDHCP": true, "TargetInfoViaDHCP": false, "AuthenticationMethod": "None",
		"InitiatorName": a.Initiator, "PrimaryTargetName": a.Target, "PrimaryTargetIPAddress": a.Address,
		"PrimaryTargetTCPPort": a.Port, "PrimaryLUN": a.LUN,
	}
	if a.User != "" {
		o["AuthenticationMethod"], o["CHAPUsername"], o["CHAPSecret"] = "CHAP", a.User, a.Secret
	}
	if a.ReverseUser != "" {
		o["AuthenticationMethod"], o["MutualCHAPUsername"], o["MutualCHAPSecret"] = "MutualCHAP", a.ReverseUser, a.ReverseSecret
	}
	return o
}
