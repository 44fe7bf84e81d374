package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"
)

const (
	ethernetHeader = 14
	ipHeader       = 20
	udpHeader      = 8
	ethertypeIPv4  = 0x0800
	protocolUDP    = 17
)

var broadcastMAC = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// frame wraps a payload in UDP, IPv4 and Ethernet, for a client that has no
// address yet and so cannot answer the kernel's ARP.
func frame(payload []byte, src, dst netip.AddrPort, from, to net.HardwareAddr) []byte {
	b := make([]byte, ethernetHeader+ipHeader+udpHeader, ethernetHeader+ipHeader+udpHeader+len(payload))
	copy(b, to)
	copy(b[6:], from)
	binary.BigEndian.PutUint16(b[12:], ethertypeIPv4)

	ip := b[ethernetHeader : ethernetHeader+ipHeader]
	s, d := src.Addr().As4(), dst.Addr().As4()
	ip[0] = 4<<4 | ipHeader/4
	ip[1] = 0x10 // low delay, as other servers send it
	binary.BigEndian.PutUint16(ip[2:], uint16(ipHeader+udpHeader+len(payload)))
	ip[8] = 64
	ip[9] = protocolUDP
	copy(ip[12:], s[:])
	copy(ip[16:], d[:])
	binary.BigEndian.PutUint16(ip[10:], ^sum(0, ip))

	udp := b[ethernetHeader+ipHeader:]
	binary.BigEndian.PutUint16(udp, src.Port())
	binary.BigEndian.PutUint16(udp[2:], dst.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+len(payload)))
	pseudo := sum(sum(protocolUDP+uint16(udpHeader+len(payload)), s[:]), d[:])
	check := ^sum(sum(pseudo, udp), payload)
	if check == 0 {
		check = 0xffff // zero would mean "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(udp[6:], check)
	return append(b, payload...)
}

// sum adds b to a ones' complement sum (RFC 1071).
func sum(start uint16, b []byte) uint16 {
	total := uint32(start)
	for i := 0; i+1 < len(b); i += 2 {
		total += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		total += uint32(b[len(b)-1]) << 8
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
