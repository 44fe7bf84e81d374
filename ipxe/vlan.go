package ipxe

// A storage network is often a VLAN beside the network that machines boot from. iPXE makes an
// interface for it (vcreate) on the card that has booted, and names it CARD-TAG
// (vlan_create in its source); the iBFT has the tag for the operating system.

// vlanTrunk notes the card that has booted: later the last interface that was opened, netX,
// is the VLAN's.
func (s *Script) vlanTrunk(tag uint16) {
	if tag != 0 {
		s.add("isset ${trunk} || set trunk ${netX/ifname}")
	}
}

// enterVLAN makes the interface and gets its addresses, of IPv4, IPv6 or both. An interface
// that an earlier attempt has made is used again.
func (s *Script) enterVLAN(tag uint16, four, six bool) {
	s.add("set failed reach")
	s.add("vcreate --tag %d ${trunk} || goto failed", tag)
	s.add("set ${trunk}-%d/mtu 1496", tag) // room for the tag, which iPXE does not count: drivers of firmware may take 1514 bytes only
	if four {
		s.add("ifconf --configurator dhcp ${trunk}-%d || goto failed", tag)
	}
	if six {
		s.add("ifconf --configurator ipv6 ${trunk}-%d || goto failed", tag)
	}
}
