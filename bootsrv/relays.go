package bootsrv

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/netlink"
)

// relays are the DHCP relays that the operator vouches for.
type relays []dhcp.Relay

// peer is the next hop of an address, and whether a machine there is behind a relay: on the
// other side of a router, in the network of one of ours.
type peer struct {
	netlink.Peer
	relayed bool
}

// speaksFor reports whether packets of the peer come from the card mac, as far as it can be
// known.
func (p peer) speaksFor(mac string) bool { return p.Local || p.relayed || p.Card.String() == mac }

func (r relays) find(ctx context.Context, a netip.Addr) (peer, error) {
	p, err := netlink.Find(ctx, a)
	return peer{p, r.contain(a) && p.Router != nil}, err
}

// speaks reports whether packets from an address come from the card mac.
func (r relays) speaks(ctx context.Context, a netip.Addr, mac string) bool {
	p, err := r.find(ctx, a)
	return err == nil && p.speaksFor(mac)
}

// card is where frames for an address are sent, nil for nowhere.
func (r relays) card(ctx context.Context, a netip.Addr) net.HardwareAddr {
	p, err := netlink.Find(ctx, a)
	if err != nil {
		return nil
	}
	return p.Hop()
}

// six are the addresses of those of IPv6, with the lengths of their subnets.
func (r relays) six() (list []netip.Prefix) {
	for _, one := range r {
		if one.Address.Addr().Is6() {
			list = append(list, one.Address)
		}
	}
	return list
}

// contain reports whether an address is of a network behind one of the relays.
func (r relays) contain(a netip.Addr) bool {
	return slices.ContainsFunc(r, func(one dhcp.Relay) bool { return one.Address.Contains(a) })
}

// lease reports whether we lease addresses behind a relay.
func (r relays) lease() bool {
	return slices.ContainsFunc(r, func(one dhcp.Relay) bool { return !one.Range.Empty() })
}
