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
)

// link is one boot interface.
type link struct {
	iface  *net.Interface
	prefix netip.Prefix // our address there, with the subnet's length
	server *dhcp.Server // nil when DHCP is off
}

// findLinks finds the boot interfaces and our address on each.
func (o *opening) findLinks(context.Context) error {
	for _, name := range o.config.Interfaces {
		l, err := findLink(name)
		if err != nil {
			return &Fault{"Interfaces", name, err}
		}
		if slices.ContainsFunc(o.links, func(other link) bool { return other.iface.Index == l.iface.Index }) {
			return &Fault{"Interfaces", name, errors.New("it is given twice")}
		}
		o.links = append(o.links, l)
	}
	return nil
}

func findLink(name string) (link, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return link{}, fmt.Errorf("this machine has no such interface (it has %s)", interfaces())
	}
	if iface.Flags&net.FlagUp == 0 {
		return link{}, fmt.Errorf("it is down: ip link set %s up", name)
	}
	if iface.Flags&net.FlagBroadcast == 0 || len(iface.HardwareAddr) != 6 {
		return link{}, fmt.Errorf("it is no Ethernet interface, and machines boot over Ethernet")
	}
	addrs, err := iface.Addrs()
	if err != nil {
		return link{}, fmt.Errorf("read its addresses: %w", err)
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() {
			return link{iface: iface, prefix: prefix}, nil
		}
	}
	return link{}, fmt.Errorf("it has no IPv4 address, so machines could not reach it: give it one, such as ip address add 192.168.77.1/24 dev %s", name)
}

// interfaces names what there is to choose from.
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
