package dhcp6

import (
	"net"
	"net/netip"
)

// Usable reports whether addresses can be given out in the subnet of our address p: it has
// room for an interface identifier, and is no link's own.
func Usable(p netip.Prefix) bool {
	a := p.Addr()
	return a.Is6() && !a.Is4In6() && p.Bits() <= 64 && a.IsGlobalUnicast() && !a.IsLinkLocalUnicast()
}

// Address is the address of a card in the subnet of p: its first 64 bits, then the modified
// EUI-64 of the card (RFC 4291, appendix A).
func Address(p netip.Prefix, card net.HardwareAddr) netip.Addr {
	b := p.Masked().Addr().As16()
	copy(b[8:], []byte{card[0] ^ 2, card[1], card[2], 0xff, 0xfe, card[3], card[4], card[5]})
	return netip.AddrFrom16(b)
}

// Card is the card whose address a would be, nil where a is no such address.
func Card(a netip.Addr) net.HardwareAddr {
	if !a.Is6() || a.Is4In6() {
		return nil
	}
	b := a.As16()
	if b[11] != 0xff || b[12] != 0xfe {
		return nil
	}
	return net.HardwareAddr{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}
}
