package tftp

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// wantDestination has the kernel report the address that each packet came to. A socket for
// both families is one of IPv6.
func wantDestination(conn *net.UDPConn) error {
	if conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Is4() {
		return ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst, true)
	}
	return ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst, true)
}

// destination reads that address, the zero value if there is none.
func destination(control []byte) netip.Addr {
	var four ipv4.ControlMessage
	if four.Parse(control) == nil && four.Dst != nil {
		a, _ := netip.AddrFromSlice(four.Dst)
		return a.Unmap()
	}
	var six ipv6.ControlMessage
	if six.Parse(control) == nil && six.Dst != nil {
		a, _ := netip.AddrFromSlice(six.Dst)
		return a.Unmap()
	}
	return netip.Addr{}
}
