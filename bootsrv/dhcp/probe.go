package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// waits are how long a probe listens after each question. The last is longer: a
// server may ping an address for three seconds before it offers it (dnsmasq does).
var waits = []time.Duration{time.Second, time.Second, 2500 * time.Millisecond}

// Probe looks for a DHCP server with three DHCPDISCOVERs. It returns the address of the
// first server that offers, or an invalid one if there is none within four and a half
// seconds.
func Probe(ctx context.Context, iface *net.Interface) (netip.Addr, error) {
	conn, err := packet.Listen(iface, packet.Raw, unix.ETH_P_IP, nil)
	if err != nil {
		return netip.Addr{}, &SocketError{iface.Name, clientPort, err}
	}
	defer conn.Close() //nolint:errcheck // nothing is written that could be lost
	discover, err := dhcpv4.NewDiscovery(iface.HardwareAddr, dhcpv4.WithBroadcast(true))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("probe for a DHCP server on %s: %w", iface.Name, err)
	}
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{}), clientPort)
	ask := frame(discover.ToBytes(), from, netip.AddrPortFrom(everybody, serverPort), iface.HardwareAddr, broadcastMAC)
	for _, wait := range waits {
		if _, err := conn.WriteTo(ask, &packet.Addr{HardwareAddr: broadcastMAC}); err != nil {
			return netip.Addr{}, fmt.Errorf("probe for a DHCP server on %s: %w", iface.Name, err)
		}
		var server netip.Addr
		heard, err := hear(ctx, conn, wait, func(f []byte) bool {
			p := offerIn(f, discover.TransactionID)
			if p != nil {
				server = addr(p.ServerIdentifier())
			}
			return p != nil
		})
		if err != nil {
			return server, fmt.Errorf("probe for a DHCP server on %s: %w", iface.Name, err)
		}
		if heard {
			return server, nil
		}
	}
	return netip.Addr{}, nil
}

// hear reads frames until answers accepts one or wait has passed, and reports whether one
// was accepted.
func hear(ctx context.Context, conn *packet.Conn, wait time.Duration, answers func(frame []byte) bool) (bool, error) {
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, 4096)
	for {
		n, _, err := conn.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return false, nil
		case err != nil:
			return false, err
		}
		if answers(buffer[:n]) {
			return true, nil
		}
	}
}

// offerIn returns the DHCPOFFER of an address in an Ethernet frame, nil when the
// frame is anything else. A proxy's offer carries no address.
func offerIn(f []byte, id dhcpv4.TransactionID) *dhcpv4.DHCPv4 {
	d, ok := unwrap(f)
	if !ok || d.to.Port() != clientPort {
		return nil
	}
	p, err := dhcpv4.FromBytes(d.payload)
	if err != nil || p.TransactionID != id || p.MessageType() != dhcpv4.MessageTypeOffer {
		return nil
	}
	if a := addr(p.YourIPAddr); !a.IsValid() || a.IsUnspecified() || p.ServerIdentifier() == nil {
		return nil
	}
	return p
}
