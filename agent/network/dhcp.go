package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// ErrNoAnswer is that no DHCP server answers.
var ErrNoAnswer = errors.New("no DHCP server answers")

// Ask asks for an address on the network of a card, so many times, and waits this long for the first answer and twice as long for
// each next one.
func Ask(ctx context.Context, card string, tries int, wait time.Duration, options ...dhcpv4.Modifier) (Address, error) {
	c, err := nclient4.New(card, nclient4.WithTimeout(wait), nclient4.WithRetry(tries))
	if err != nil {
		return Address{}, fmt.Errorf("DHCP on %s: %w", card, err)
	}
	defer c.Close() //nolint:errcheck // the lease is what counts
	discover, err := dhcpv4.NewDiscovery(c.InterfaceAddr(), options...)
	if err != nil {
		return Address{}, fmt.Errorf("DHCP on %s: %w", card, err)
	}
	offer, err := c.SendAndRead(ctx, c.RemoteAddr(), discover, offersAddress)
	if err != nil {
		return Address{}, fmt.Errorf("%w on %s: %w", ErrNoAnswer, card, err)
	}
	lease, err := c.RequestFromOffer(ctx, offer, options...)
	if err != nil {
		return Address{}, fmt.Errorf("%w on %s: %w", ErrNoAnswer, card, err)
	}
	return leased(card, lease, time.Now())
}

// offersAddress is true of an offer that can be accepted. That of a boot server beside the network's own has a boot
// file and no address (PXE specification 2.1, section 2.2.3), and often comes first.
func offersAddress(p *dhcpv4.DHCPv4) bool {
	address, ok := netip.AddrFromSlice(p.YourIPAddr.To4())
	return p.MessageType() == dhcpv4.MessageTypeOffer && ok && !address.IsUnspecified()
}

// Renew is the same address for longer, of the server that gave it.
func (a Address) Renew(ctx context.Context) (Address, error) {
	c, err := nclient4.New(a.Card, nclient4.WithTimeout(3*time.Second), nclient4.WithRetry(4))
	if err != nil {
		return Address{}, fmt.Errorf("DHCP on %s: %w", a.Card, err)
	}
	defer c.Close() //nolint:errcheck // the lease is what counts
	lease, err := c.Renew(ctx, a.lease)
	if err != nil {
		return Address{}, fmt.Errorf("DHCP on %s: %w", a.Card, err)
	}
	return leased(a.Card, lease, time.Now())
}

// leased is the address that a server's answer gives (RFC 2131, RFC 2132).
func leased(card string, lease *nclient4.Lease, now time.Time) (Address, error) {
	ack := lease.ACK
	mask := ack.SubnetMask()
	if mask == nil {
		mask = ack.YourIPAddr.DefaultMask()
	}
	ip, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	ones, _ := mask.Size()
	if !ok || ip.IsUnspecified() || ones == 0 {
		return Address{}, fmt.Errorf("DHCP on %s: the answer has no address or no mask", card)
	}
	a := Address{Card: card, Prefix: netip.PrefixFrom(ip, ones), Server: ack.ServerIdentifier().String(), lease: lease}
	if routers := ack.Router(); len(routers) > 0 {
		a.Gateway, _ = netip.AddrFromSlice(routers[0].To4())
	}
	for _, d := range ack.DNS() {
		if server, ok := netip.AddrFromSlice(d.To4()); ok {
			a.DNS = append(a.DNS, server)
		}
	}
	// Half of the lease is when to renew it, RFC 2131 section 4.4.5.
	a.Until = now.Add(max(ack.IPAddressLeaseTime(time.Hour)/2, 10*time.Second))
	return a, nil
}
