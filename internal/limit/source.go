package limit

import "net/netip"

// Source returns the address under which a peer is counted: an IPv4 address as it is, also
// where it is mapped into IPv6, and of an IPv6 address its /64, because a host may take
// any address in it.
func Source(peer netip.Addr) netip.Addr {
	peer = peer.Unmap().WithZone("")
	if peer.Is6() {
		return netip.PrefixFrom(peer, 64).Masked().Addr()
	}
	return peer
}

// SourceOf is Source of "address:port", as [net.Addr] and [net/http.Request] have it. What
// is none, such as the peer of a Unix socket, is one source together.
func SourceOf(remote string) netip.Addr {
	addr := AddressOf(remote)
	if !addr.IsValid() {
		return addr
	}
	return Source(addr)
}

// AddressOf is the address of "address:port" itself. Machines that boot are counted by it:
// those of a link have their /64 in common.
func AddressOf(remote string) netip.Addr {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}
