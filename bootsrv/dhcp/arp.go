package dhcp

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

const (
	ethertypeARP = 0x0806
	arpLength    = 28
	arpRequest   = 1

	// looks is the number of ARP probes for an address, lookTime the wait for each answer.
	// A host on the same network answers in a millisecond.
	looks    = 2
	lookTime = 100 * time.Millisecond
)

// whoHas finds the card that has an address by ARP, nil if none answers. ARP also finds
// hosts that do not answer pings.
func (s *Sockets) whoHas(ctx context.Context, a netip.Addr) (net.HardwareAddr, error) {
	iface, err := net.InterfaceByIndex(s.iface.Index) // read again: a bridge changes its address with its ports
	if err != nil {
		return nil, fmt.Errorf("look for a host at %s: %w", a, err)
	}
	conn, err := packet.Listen(iface, packet.Raw, unix.ETH_P_ARP, nil)
	if err != nil {
		return nil, fmt.Errorf("look for a host at %s: %w", a, err)
	}
	defer conn.Close() //nolint:errcheck // nothing is written that could be lost
	var owner net.HardwareAddr
	for range looks {
		if _, err := conn.WriteTo(arpProbe(iface.HardwareAddr, a), &packet.Addr{HardwareAddr: broadcastMAC}); err != nil {
			return nil, fmt.Errorf("look for a host at %s: %w", a, err)
		}
		heard, err := hear(ctx, conn, lookTime, func(f []byte) bool {
			owner = arpOwner(f, a)
			return owner != nil
		})
		if err != nil || heard {
			return owner, err
		}
	}
	return nil, nil
}

// arpProbe makes the frame that asks for a. It contains no address of ours, so that it
// changes no ARP cache (RFC 5227 section 2.1.1).
func arpProbe(from net.HardwareAddr, a netip.Addr) []byte {
	b := make([]byte, ethernetHeader+arpLength)
	copy(b, broadcastMAC)
	copy(b[6:], from)
	binary.BigEndian.PutUint16(b[12:], ethertypeARP)
	arp := b[ethernetHeader:]
	copy(arp, []byte{0, 1, 8, 0, 6, 4, 0, arpRequest}) // Ethernet, IPv4 (RFC 826)
	copy(arp[8:], from)
	copy(arp[24:], a.AsSlice())
	return b
}

// arpOwner returns the card that claims a in the frame f, a request or a reply (RFC 5227
// section 2.1.1), or nil.
func arpOwner(f []byte, a netip.Addr) net.HardwareAddr {
	if len(f) < ethernetHeader+arpLength || binary.BigEndian.Uint16(f[12:]) != ethertypeARP {
		return nil
	}
	arp := f[ethernetHeader:]
	if [6]byte(arp) != [6]byte{0, 1, 8, 0, 6, 4} || netip.AddrFrom4([4]byte(arp[14:])) != a {
		return nil
	}
	return net.HardwareAddr(append([]byte(nil), arp[8:14]...))
}
