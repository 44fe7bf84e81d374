package limit

import "net/netip"

// Source returns the address under which a peer is counted: an IPv4 address, mapped or not,
// as it is; the /64 of an IPv6 address, because a host may use any address in it.
func Source(peer netip.Addr) netip.Addr {
	peer = peer.Unmap().WithZone("")
	if peer.Is6() {
		return netip.PrefixFrom(peer, 64).Masked().Addr()
	}
	return peer
}

// SourceOf is [Source] for "address:port", the form of [net.Addr] and [net/http.Request].
// Peers without an IP address, such as those of a Unix socket, are one source.
func SourceOf(remote string) netip.Addr {
	addr := AddressOf(remote)
	if !addr.IsValid() {
		return addr
	}
	return Source(addr)
}

// AddressOf returns the address of "address:port" itself. Booting machines are counted by
// it, because the machines of a link share their /64.
func AddressOf(remote string) netip.Addr {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}
