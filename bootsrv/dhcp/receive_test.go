package dhcp

import (
	"bytes"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/bpf"
)

// The filter and unwrap accept the same frames, except that they may differ on ports.
func TestUnwrap(t *testing.T) {
	card, ours := net.HardwareAddr{0x52, 0x54, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 1}
	src, dst := netip.MustParseAddrPort("10.77.0.66:68"), netip.MustParseAddrPort("10.77.0.1:67")
	payload := []byte("a request")
	made := func(change func(f []byte)) []byte {
		f := frame(payload, src, dst, card, ours)
		change(f)
		return f
	}
	const ip, udp = ethernetHeader, ethernetHeader + ipHeader
	padded := append(made(func([]byte) {}), make([]byte, 20)...) // to the minimum length of a frame
	vm, err := bpf.NewVM(requests[2:])                           // without the check of sll_pkttype, which only the kernel has
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		ok    bool
		in    bool // passes the filter, which checks no lengths
	}{
		{"a datagram", made(func([]byte) {}), true, true},
		{"padded", padded, true, true},
		{"to port 4011", made(func(f []byte) { f[udp+2], f[udp+3] = proxyPort>>8, proxyPort&255 }), true, true},
		{"to another port", made(func(f []byte) { f[udp+3] = 68 }), true, false},
		{"ARP", made(func(f []byte) { f[13] = 6 }), false, false},
		{"TCP", made(func(f []byte) { f[ip+9] = 6 }), false, false},
		{"a first fragment", made(func(f []byte) { f[ip+6] = 0x20 }), false, false},
		{"a later fragment", made(func(f []byte) { f[ip+7] = 1 }), false, false},
		{"not to be fragmented", made(func(f []byte) { f[ip+6] = 0x40 }), true, true},
		{"cut short", made(func([]byte) {})[:udp+12], false, true},
		{"UDP longer than IP", made(func(f []byte) { f[udp+5] = 255 }), false, true},
		{"UDP shorter than its header", made(func(f []byte) { f[udp+5] = 7 }), false, true},
		{"IP shorter than its headers", made(func(f []byte) { f[ip+3] = 27 }), false, true},
		{"IPv6 by its version", made(func(f []byte) { f[ip] = 6<<4 | 5 }), false, true},
		{"nothing", nil, false, false},
	} {
		d, ok := unwrap(c.frame)
		if ok != c.ok || ok && (d.card.String() != card.String() || d.from != src || d.to.Addr() != dst.Addr() ||
			!bytes.Equal(d.payload, payload)) {
			t.Errorf("%s: unwrap = %+v, %v, want %v", c.name, d, ok, c.ok)
		}
		if n, err := vm.Run(c.frame); err != nil || n > 0 != c.in {
			t.Errorf("%s: the filter lets in %d bytes, %v, want any: %v", c.name, n, err, c.in)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	here, there := netip.MustParseAddrPort("10.77.0.1:67"), netip.MustParseAddrPort("10.77.0.9:68")
	f.Add(frame([]byte("a request"), there, here, broadcastMAC, broadcastMAC))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := unwrap(b); ok && (len(d.card) != 6 || !d.from.IsValid() || len(d.payload) > len(b)) {
			t.Errorf("unwrap(%x) = %+v", b, d)
		}
	})
}
