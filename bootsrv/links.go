package bootsrv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/dhcp6"
	"ironhook/bootsrv/netlink"
)

// link is the state of a boot interface when its sockets were opened.
type link struct {
	iface  *net.Interface
	prefix netip.Prefix // our address there, with the subnet's length
	six    netip.Prefix // that of IPv6 out of which machines get theirs, invalid for none
	server *dhcp.Server // nil when DHCP is off

	server6 *dhcp6.Server // nil when DHCPv6 is off
}

// findLinks finds the boot interfaces and our address on each.
func (o *opening) findLinks(context.Context) error {
	for _, name := range o.config.Interfaces {
		l, err := findLink(name, o.addresses)
		if err != nil {
			return &Fault{"Interfaces", name, err}
		}
		if o.config.DHCP6 && !l.six.IsValid() {
			return &Fault{"DHCP6", "",
				fmt.Errorf("%s has no IPv6 address of a subnet of 64 bits: give it one, such as ip address add fd00:77::1/64 dev %s", name, name)}
		}
		if slices.ContainsFunc(o.links, func(other link) bool { return other.iface.Index == l.iface.Index }) {
			return &Fault{"Interfaces", name, errors.New("it is given twice")}
		}
		o.links = append(o.links, l)
	}
	return nil
}

func findLink(name string, addresses dhcp.Range) (link, error) {
	found, err := netlink.Read(name)
	if err != nil {
		return link{}, fmt.Errorf("this machine has no such interface (it has %s)", interfaces())
	}
	if !found.Up() {
		return link{}, fmt.Errorf("it is down: ip link set %s up", name)
	}
	if found.Flags&net.FlagBroadcast == 0 || len(found.HardwareAddr) != 6 {
		return link{}, errors.New("it is no Ethernet interface, and machines boot over Ethernet")
	}
	if len(found.Prefixes) == 0 {
		return link{}, fmt.Errorf("it has no IPv4 address, so machines could not reach it: give it one, such as ip address add "+
			"192.168.77.1/24 dev %s", name)
	}
	l := link{iface: &found.Interface, prefix: fitting(found.Prefixes, addresses)}
	if i := slices.IndexFunc(found.Six, dhcp6.Usable); i >= 0 {
		l.six = found.Six[i]
	}
	return l, nil
}

// fitting is the one of our addresses on an interface by which machines reach us: that
// whose subnet the range to lease is of, else the first one that is not link-local.
func fitting(ours []netip.Prefix, addresses dhcp.Range) netip.Prefix {
	for _, fits := range []func(netip.Prefix) bool{
		addresses.Within,
		func(p netip.Prefix) bool { return !p.Addr().IsLinkLocalUnicast() },
	} {
		if i := slices.IndexFunc(ours, fits); i >= 0 {
			return ours[i]
		}
	}
	return ours[0]
}

// differs describes the change that invalidates the sockets open on l, "" for none. now and err are
// the results of [netlink.Read], and addresses are those to lease.
//
// It ignores the Ethernet address: a bridge changes its own with its ports.
func (l link) differs(now netlink.Link, err error, addresses dhcp.Range) string {
	switch {
	case err != nil:
		return "is gone"
	case now.Index != l.iface.Index:
		return "was created again"
	case !now.Up():
		return "is down"
	case !slices.Contains(now.Prefixes, l.prefix):
		return fmt.Sprintf("has its address %s no more", l.prefix)
	case l.server6 != nil && !slices.Contains(now.Six, l.six):
		return fmt.Sprintf("has its address %s no more", l.six)
	case fitting([]netip.Prefix{l.prefix, fitting(now.Prefixes, addresses)}, addresses) != l.prefix:
		return fmt.Sprintf("has another address than %s that fits better", l.prefix)
	}
	return ""
}

// interfaces lists the interfaces to choose from.
func interfaces() string {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		return "none that can be listed"
	}
	names := make([]string, len(all))
	for i, iface := range all {
		names[i] = iface.Name
	}
	return strings.Join(names, ", ")
}
