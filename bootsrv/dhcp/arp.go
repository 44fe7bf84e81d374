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

	// looks are how often the network is asked who has an address, lookTime how long
	// each answer is waited for. A host on the same network answers in a millisecond.
	looks    = 2
	lookTime = 100 * time.Millisecond
)

// whoHas asks the network for the card that has an address, nil when none answers.
// ARP reaches hosts that keep silent to a ping.
func (s *Sockets) whoHas(ctx context.Context, a netip.Addr) (net.HardwareAddr, error) {
	iface, err := net.InterfaceByIndex(s.iface.Index) // as it is now: a bridge gets another card with its ports
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

// arpProbe is the frame that asks who has a. It names no address of ours, so that it
// changes nobody's mind (RFC 5227 section 2.1.1).
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

// arpOwner is the card that says in the frame f that it has a, be it a question or an
// answer (RFC 5227 section 2.1.1), nil when nobody says so there.
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
