package dhcp

import (
	"fmt"
	"net/netip"
	"strings"
)

// Mode is the mode of a server on an interface.
type Mode string

// The modes. Auto becomes Full or Proxy before a server runs.
const (
	Auto  Mode = "auto"
	Proxy Mode = "proxy"
	Full  Mode = "full"
	Off   Mode = "off"
)

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Auto, Proxy, Full, Off:
		return m, nil
	}
	return "", fmt.Errorf("%q is none of auto, proxy, full and off", s)
}

// Range is a run of IPv4 addresses, both ends included. The zero Range is empty.
type Range struct{ First, Last netip.Addr }

// rangeSize is the limit of addresses in a range: it bounds the leases to search, and one
// network should hold fewer machines.
const rangeSize = 4096

// ParseRange reads "FIRST-LAST"; "" is empty.
func ParseRange(s string) (Range, error) {
	if s == "" {
		return Range{}, nil
	}
	a, b, _ := strings.Cut(s, "-")
	first, err1 := netip.ParseAddr(strings.TrimSpace(a))
	last, err2 := netip.ParseAddr(strings.TrimSpace(b))
	switch {
	case err1 != nil || err2 != nil || !first.Is4() || !last.Is4():
		return Range{}, fmt.Errorf("%q is not two IPv4 addresses with a hyphen between them, such as 192.168.1.100-192.168.1.200", s)
	case last.Less(first):
		return Range{}, fmt.Errorf("%q ends before it starts", s)
	case number(last)-number(first) >= rangeSize:
		return Range{}, fmt.Errorf("%q has more than %d addresses", s, rangeSize)
	}
	return Range{first, last}, nil
}

// Empty reports whether r has no address.
func (r Range) Empty() bool { return !r.First.IsValid() }

// Contains reports whether a is in r.
func (r Range) Contains(a netip.Addr) bool {
	return !r.Empty() && !a.Less(r.First) && !r.Last.Less(a)
}

// size is the number of addresses in r.
func (r Range) size() int {
	if r.Empty() {
		return 0
	}
	return int(number(r.Last)-number(r.First)) + 1
}

// at is an address of r by its place.
func (r Range) at(n uint32) netip.Addr { return fromNumber(number(r.First) + n) }

// Within reports whether all addresses of r are usable by hosts of the subnet.
func (r Range) Within(subnet netip.Prefix) bool {
	return !r.Empty() && usable(subnet, r.First) && usable(subnet, r.Last)
}

// String is the range as ParseRange reads it.
func (r Range) String() string {
	if r.Empty() {
		return ""
	}
	return r.First.String() + "-" + r.Last.String()
}

// usable reports whether a host of the subnet can have address a: not the network address
// or the broadcast address.
func usable(subnet netip.Prefix, a netip.Addr) bool {
	if !subnet.Contains(a) {
		return false
	}
	host := number(a) & (1<<(32-subnet.Bits()) - 1)
	return subnet.Bits() >= 31 || host != 0 && host != 1<<(32-subnet.Bits())-1
}

// last is the broadcast address of a subnet.
func last(subnet netip.Prefix) netip.Addr {
	return fromNumber(number(subnet.Addr()) | (1<<(32-subnet.Bits()) - 1))
}

func fromNumber(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
