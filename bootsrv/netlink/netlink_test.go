package netlink

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func route4(kind byte, all ...attribute) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[typeInRoute] = kind
	for _, a := range all {
		b = a.put(b)
	}
	return b
}

func TestReadRoute(t *testing.T) {
	out := attribute{unix.RTA_OIF, []byte{7, 0, 0, 0}}
	if big := (attribute{unix.RTA_OIF, []byte{0, 0, 0, 7}}); nativeIsBig() {
		out = big
	}
	gateway := attribute{unix.RTA_GATEWAY, netip.MustParseAddr("10.77.0.254").AsSlice()}
	for _, c := range []struct {
		name string
		b    []byte
		want way
		ok   bool
	}{
		{"to a neighbour", route4(unix.RTN_UNICAST, out), way{index: 7}, true},
		{"to a router", route4(unix.RTN_UNICAST, gateway, out), way{routed: true, gateway: netip.MustParseAddr("10.77.0.254"), index: 7}, true},
		{"to a router of the other family", route4(unix.RTN_UNICAST, out, attribute{unix.RTA_VIA, make([]byte, 18)}), way{routed: true, index: 7},
			true},
		{"to this machine", route4(unix.RTN_LOCAL, out), way{local: true, index: 7}, true},
		{"to everybody", route4(unix.RTN_BROADCAST, out), way{}, false},
		{"to nowhere", route4(unix.RTN_UNICAST), way{}, false},
		{"an odd attribute", append(route4(unix.RTN_UNICAST, out), 3, 0, 0, 0), way{}, false},
		{"cut short", route4(unix.RTN_UNICAST)[:11], way{}, false},
	} {
		if got, err := readRoute(c.b); got != c.want || (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func nativeIsBig() bool { return attribute{1, nil}.put(nil)[0] == 0 }

func TestReadNeighbour(t *testing.T) {
	card := attribute{unix.NDA_LLADDR, []byte{0x52, 0x54, 0, 0, 0, 1}}
	for _, c := range []struct {
		state byte
		with  []attribute
		want  string
	}{
		{unix.NUD_REACHABLE, []attribute{card}, "52:54:00:00:00:01"},
		{unix.NUD_STALE, []attribute{card}, "52:54:00:00:00:01"},
		{unix.NUD_PERMANENT, []attribute{card}, "52:54:00:00:00:01"},
		{unix.NUD_FAILED, []attribute{card}, ""},
		{unix.NUD_INCOMPLETE, nil, ""},
		{unix.NUD_NOARP, []attribute{card}, ""},
		{unix.NUD_REACHABLE, []attribute{{unix.NDA_LLADDR, make([]byte, 20)}}, ""}, // InfiniBand
	} {
		b := make([]byte, unix.SizeofNdMsg)
		b[stateInNeighbour+map[bool]int{true: 1}[nativeIsBig()]] = c.state
		for _, a := range c.with {
			b = a.put(b)
		}
		if got, err := readNeighbour(b); err != nil || got.String() != c.want {
			t.Errorf("state %#x: %s, %v, want %q", c.state, got, err, c.want)
		}
	}
}

// Answers of the real kernel: an error number keeps its kind.
func TestAsk(t *testing.T) {
	if _, err := route(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("route to ourselves: %v", err)
	}
	if _, err := ask(unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, make([]byte, unix.SizeofNdMsg)); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a question about nothing: %v, want EINVAL", err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(route4(unix.RTN_UNICAST, attribute{unix.RTA_OIF, []byte{7, 0, 0, 0}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = readRoute(b)
		if card, err := readNeighbour(b); err == nil && card != nil && len(card) != 6 {
			t.Errorf("card %s of %x", card, b)
		}
		_, _ = answer(b, unix.RTM_NEWROUTE)
	})
}
