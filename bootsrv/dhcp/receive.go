package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/net/bpf"
)

// datagram is a UDP datagram with its Ethernet source, which a UDP socket does not provide:
// any process of another machine can forge chaddr.
type datagram struct {
	card     net.HardwareAddr // Ethernet source
	from, to netip.AddrPort
	payload  []byte
}

// unwrap reads an Ethernet frame, and reports whether it holds a whole UDP datagram over
// IPv4. It ignores checksums: frames of virtual cards have none, and DHCP messages are
// validated by their contents.
func unwrap(f []byte) (d datagram, ok bool) {
	if len(f) < ethernetHeader+ipHeader || binary.BigEndian.Uint16(f[12:]) != ethertypeIPv4 {
		return d, false
	}
	ip := f[ethernetHeader:]
	header, length := int(ip[0]&0xf)*4, int(binary.BigEndian.Uint16(ip[2:]))
	fragment := binary.BigEndian.Uint16(ip[6:]) & 0x3fff // its offset, and whether more follow
	if ip[0]>>4 != 4 || ip[9] != protocolUDP || fragment != 0 || header < ipHeader || length < header+udpHeader || length > len(ip) {
		return d, false
	}
	udp := ip[header:length]
	size := int(binary.BigEndian.Uint16(udp[4:]))
	if size < udpHeader || size > len(udp) {
		return d, false
	}
	return datagram{
		card:    net.HardwareAddr(append([]byte(nil), f[6:12]...)),
		from:    netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), binary.BigEndian.Uint16(udp)),
		to:      netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), binary.BigEndian.Uint16(udp[2:])),
		payload: udp[udpHeader:size],
	}, true
}

// requests is the filter for datagrams that unwrap reads, to our ports, in frames for this
// machine: its own, broadcast, multicast (packet(7): sll_pkttype 0 to 2).
var requests = []bpf.Instruction{
	bpf.LoadExtension{Num: bpf.ExtType},
	bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: 2, SkipTrue: 10},
	bpf.LoadAbsolute{Off: 12, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: ethertypeIPv4, SkipTrue: 8},
	bpf.LoadAbsolute{Off: ethernetHeader + 9, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolUDP, SkipTrue: 6},
	bpf.LoadAbsolute{Off: ethernetHeader + 6, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x3fff, SkipTrue: 4},
	bpf.LoadMemShift{Off: ethernetHeader},
	bpf.LoadIndirect{Off: ethernetHeader + 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: serverPort, SkipTrue: 2},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: proxyPort, SkipTrue: 1},
	bpf.RetConstant{Val: 0},
	bpf.RetConstant{Val: 1 << 16},
}
