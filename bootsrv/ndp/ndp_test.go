package ndp

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
)

// solicitation as iPXE sends it: with the address of its card.
var solicitation = []byte{133, 0, 0x12, 0x34, 0, 0, 0, 0, 1, 1, 0x52, 0x54, 0, 0x77, 0, 0x10}

// The advertisement names no router, and with a prefix it makes no other host use it.
func TestAdvertise(t *testing.T) {
	if got := advertise(netip.Prefix{}); !bytes.Equal(got, advertisement) {
		t.Errorf("without a prefix: %x", got)
	}
	want := append([]byte{134, 0, 0, 0, 64, managed, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 4, 64, onLink, 0, 0, 0x1c, 0x20, 0, 0, 0x1c, 0x20, 0, 0,
		0, 0,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if got := advertise(netip.MustParsePrefix("fd77::1/64")); !bytes.Equal(got, want) {
		t.Errorf("with a prefix: %x, want %x", got, want)
	}
}

func TestValid(t *testing.T) {
	link, none := net.ParseIP("fe80::1"), net.IPv6unspecified
	with := func(at int, b byte) []byte {
		m := append([]byte(nil), solicitation...)
		m[at] = b
		return m
	}
	for _, c := range []struct {
		name string
		m    []byte
		hops int
		from net.IP
		want bool
	}{
		{"from iPXE", solicitation, 255, link, true},
		{"without options", solicitation[:8], 255, link, true},
		{"without options and address", solicitation[:8], 255, none, true},
		{"through a router", solicitation, 254, link, false},
		{"too short", solicitation[:7], 255, link, false},
		{"an advertisement", with(0, 134), 255, link, false},
		{"code", with(1, 1), 255, link, false},
		{"option of no length", with(9, 0), 255, link, false},
		{"option longer than the message", with(9, 2), 255, link, false},
		{"half an option", solicitation[:9], 255, link, false},
		{"card's address without a source", solicitation, 255, none, false},
		{"another option without a source", with(8, 14), 255, none, true},
	} {
		if got := valid(c.m, c.hops, c.from); got != c.want {
			t.Errorf("%s: valid = %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzValid(f *testing.F) {
	f.Add(solicitation, 255)
	f.Add(solicitation[:8], 255)
	f.Fuzz(func(t *testing.T, m []byte, hops int) {
		if valid(m, hops, net.IPv6unspecified) && (hops != 255 || len(m) < 8 || m[0] != 133) {
			t.Errorf("valid(%x, %d)", m, hops)
		}
	})
}
