package bootsrv

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
)

// defaultRoute returns the router and the name servers for leases on l: our own router, if
// it is in that network, and our name servers. Without a router there are none.
func defaultRoute(l link) (router netip.Addr, dns []netip.Addr) {
	routes, err := os.ReadFile("/proc/self/net/route")
	if err != nil {
		return router, nil // no such file: no name servers
	}
	if router = gateway(string(routes), l.iface.Name); !router.IsValid() || !l.prefix.Contains(router) {
		return netip.Addr{}, nil
	}
	resolv, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return router, nil
	}
	return router, nameservers(string(resolv))
}

// gateway finds the default route of an interface in the kernel's table: columns
// interface, destination, gateway, flags..., addresses as little-endian hex.
func gateway(routes, iface string) netip.Addr {
	for line := range strings.Lines(routes) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != iface || f[1] != "00000000" || f[2] == "00000000" {
			continue
		}
		b, err := hex.DecodeString(f[2])
		if err == nil && len(b) == 4 {
			return netip.AddrFrom4([4]byte{b[3], b[2], b[1], b[0]})
		}
	}
	return netip.Addr{}
}

// nameservers returns the first three IPv4 name servers that other machines can reach.
func nameservers(resolv string) (all []netip.Addr) {
	for line := range strings.Lines(resolv) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" || len(all) == 3 {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil && a.Is4() && !a.IsLoopback() {
			all = append(all, a)
		}
	}
	return all
}
