package netlink

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Peer is the next hop of an address, as the kernel would send to it at this moment.
type Peer struct {
	// Local is true for an address of this machine: its sender is a local process, because
	// the kernel accepts no such packet from a network.
	Local bool
	// Interface is the name of the outgoing interface.
	Interface string
	// Card is the Ethernet address of the peer, nil if the kernel knows none or the peer is
	// behind a router.
	Card net.HardwareAddr
	// Router is the Ethernet address of the router that the peer is behind, nil for none.
	Router net.HardwareAddr
}

// solicitTime is the wait for an answer to the kernel's ARP request or neighbour
// solicitation. A host on the same network answers in a millisecond.
const solicitTime = 300 * time.Millisecond

// Find looks up the route to a, then the neighbour; if the kernel does not know the
// neighbour, Find makes it resolve the address.
func Find(ctx context.Context, a netip.Addr) (Peer, error) {
	way, err := route(a)
	if err != nil {
		return Peer{}, fmt.Errorf("look up the route to %s: %w", a, err)
	}
	p := Peer{Local: way.local}
	if p.Local {
		return p, nil
	}
	iface, err := net.InterfaceByIndex(way.index)
	if err != nil {
		return Peer{}, fmt.Errorf("look up the route to %s: %w", a, err)
	}
	p.Interface = iface.Name
	card := &p.Card
	if way.routed {
		a, card = way.gateway, &p.Router
	}
	if a.IsValid() {
		if *card, err = await(ctx, a, iface); err != nil {
			return Peer{}, fmt.Errorf("look up the neighbour %s on %s: %w", a, iface.Name, err)
		}
	}
	return p, nil
}

// Hop is the card to which frames for the peer are sent, nil for none.
func (p Peer) Hop() net.HardwareAddr {
	if p.Router != nil {
		return p.Router
	}
	return p.Card
}

// await returns the neighbour's card. If it is not in the kernel's table, await makes the
// kernel resolve it, and gives up without an answer.
func await(ctx context.Context, a netip.Addr, on *net.Interface) (net.HardwareAddr, error) {
	card, err := neighbour(a, on.Index)
	if card != nil || err != nil {
		return card, err
	}
	ctx, cancel := context.WithTimeout(ctx, solicitTime)
	defer cancel()
	if err := solicit(ctx, a, on.Name); err != nil {
		return nil, err
	}
	for again := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			again.Stop()
			return nil, nil
		case <-again.C:
		}
		if card, err := neighbour(a, on.Index); card != nil || err != nil {
			again.Stop()
			return card, err
		}
	}
}

// solicit makes the kernel resolve a neighbour by sending a datagram to the discard port
// (RFC 863): a direct request would need CAP_NET_ADMIN.
func solicit(ctx context.Context, a netip.Addr, on string) error {
	if a.Is6() && a.IsLinkLocalUnicast() {
		a = a.WithZone(on)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp", netip.AddrPortFrom(a, 9).String())
	if err != nil {
		return err
	}
	_, err = conn.Write(nil)
	return errors.Join(err, conn.Close())
}

// way is a route: local, to a neighbour, or to a router.
type way struct {
	local, routed bool
	gateway       netip.Addr // of a routed one, invalid where it is of another family
	index         int        // of the interface
}

// rtmsg{family, dst_len, src_len, tos, table, protocol, scope, type, flags} (rtnetlink(7)).
const typeInRoute = 7

func route(a netip.Addr) (way, error) {
	if !a.IsValid() {
		return way{}, errors.New("no address")
	}
	body := make([]byte, unix.SizeofRtMsg)
	body[0], body[1] = family(a), byte(a.BitLen())
	body = attribute{unix.RTA_DST, a.AsSlice()}.put(body)
	if a.Zone() != "" {
		iface, err := net.InterfaceByName(a.Zone())
		if err != nil {
			return way{}, err
		}
		body = attribute{unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(iface.Index))}.put(body)
	}
	b, err := ask(unix.RTM_GETROUTE, unix.RTM_NEWROUTE, body)
	if err != nil {
		return way{}, err
	}
	return readRoute(b)
}

func readRoute(b []byte) (way, error) {
	all, err := attributes(b, unix.SizeofRtMsg)
	if err != nil {
		return way{}, err
	}
	gateway, routed := all[unix.RTA_GATEWAY]
	_, via := all[unix.RTA_VIA]
	w := way{local: b[typeInRoute] == unix.RTN_LOCAL, routed: routed || via}
	w.gateway, _ = netip.AddrFromSlice(gateway)
	switch out := all[unix.RTA_OIF]; {
	case b[typeInRoute] != unix.RTN_LOCAL && b[typeInRoute] != unix.RTN_UNICAST:
		return way{}, fmt.Errorf("route of type %d: no single host is there", b[typeInRoute])
	case len(out) == 4:
		w.index = int(binary.NativeEndian.Uint32(out))
	case !w.local:
		return way{}, errShort
	}
	return w, nil
}

// ndmsg{family, pad, pad, ifindex, state, flags, type} (rtnetlink(7)).
const (
	indexInNeighbour = 4
	stateInNeighbour = 8
)

// known are the states in which the kernel sends to the card that the entry names.
const known = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE | unix.NUD_PERMANENT

// neighbour is the card that the kernel has for a, nil when it has none.
func neighbour(a netip.Addr, index int) (net.HardwareAddr, error) {
	body := make([]byte, unix.SizeofNdMsg)
	body[0] = family(a)
	binary.NativeEndian.PutUint32(body[indexInNeighbour:], uint32(index))
	b, err := ask(unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, attribute{unix.NDA_DST, a.AsSlice()}.put(body))
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return readNeighbour(b)
}

func readNeighbour(b []byte) (net.HardwareAddr, error) {
	all, err := attributes(b, unix.SizeofNdMsg)
	if err != nil {
		return nil, err
	}
	card := all[unix.NDA_LLADDR]
	if binary.NativeEndian.Uint16(b[stateInNeighbour:])&known == 0 || len(card) != 6 {
		return nil, nil
	}
	return net.HardwareAddr(append([]byte(nil), card...)), nil
}

func family(a netip.Addr) byte {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
