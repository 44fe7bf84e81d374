package egress

import "net/netip"

// class is a kind of address that is not of the public Internet, in the words of an error.
type class string

const (
	public    class = "public"
	private   class = "private"
	loopback  class = "loopback"
	linkLocal class = "link-local"
	metadata  class = "metadata" // credentials of a cloud's machine, for whatever asks from it
	reserved  class = "reserved"
)

// block is a row of the registries of special-purpose addresses.
type block struct {
	prefix netip.Prefix
	class  class
}

// blocks are the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), as far
// as they are not globally reachable, and the services of clouds that lie elsewhere. The
// first that contains an address decides.
var blocks = []block{
	{netip.MustParsePrefix("169.254.169.254/32"), metadata}, // AWS, Azure, Google, OpenStack
	{netip.MustParsePrefix("169.254.170.0/24"), metadata},   // AWS containers
	{netip.MustParsePrefix("100.100.100.200/32"), metadata}, // Alibaba
	{netip.MustParsePrefix("168.63.129.16/32"), metadata},   // Azure
	{netip.MustParsePrefix("192.0.0.192/32"), metadata},     // Oracle
	{netip.MustParsePrefix("fd00:ec2::/32"), metadata},      // AWS
	{netip.MustParsePrefix("fd20:ce::254/128"), metadata},   // Google

	{netip.MustParsePrefix("0.0.0.0/8"), loopback}, // "this host": Linux takes 0.0.0.0 for it
	{netip.MustParsePrefix("127.0.0.0/8"), loopback},
	{netip.MustParsePrefix("::/127"), loopback},
	{netip.MustParsePrefix("169.254.0.0/16"), linkLocal},
	{netip.MustParsePrefix("fe80::/10"), linkLocal},
	{netip.MustParsePrefix("10.0.0.0/8"), private},
	{netip.MustParsePrefix("100.64.0.0/10"), private}, // RFC 6598; overlay networks use it too
	{netip.MustParsePrefix("172.16.0.0/12"), private},
	{netip.MustParsePrefix("192.168.0.0/16"), private},
	{netip.MustParsePrefix("fc00::/7"), private},
	{netip.MustParsePrefix("fec0::/10"), private}, // site-local, RFC 3879

	{netip.MustParsePrefix("192.0.0.0/24"), reserved},
	{netip.MustParsePrefix("192.0.2.0/24"), reserved}, // documentation, RFC 5737
	{netip.MustParsePrefix("192.88.99.0/24"), reserved},
	{netip.MustParsePrefix("198.18.0.0/15"), reserved}, // benchmarks, RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), reserved},
	{netip.MustParsePrefix("203.0.113.0/24"), reserved},
	{netip.MustParsePrefix("224.0.0.0/3"), reserved}, // multicast, future use, broadcast
	{netip.MustParsePrefix("0.0.0.0/0"), public},
	{netip.MustParsePrefix("2001::/23"), reserved}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), reserved},
	{netip.MustParsePrefix("2002::/16"), reserved}, // 6to4: IPv4 addresses, private ones too
	{netip.MustParsePrefix("3fff::/20"), reserved},
	{netip.MustParsePrefix("2000::/3"), public},
	{netip.MustParsePrefix("::/0"), reserved}, // multicast, local NAT64 (RFC 8215), what is not assigned
}

// classOf returns the class of an address, which is unmapped.
func classOf(a netip.Addr) class {
	for _, b := range blocks {
		if b.prefix.Contains(a) {
			return b.class
		}
	}
	return reserved
}

// carriers are the prefixes of IPv6 addresses that lead to the IPv4 address in them, and
// the byte at which that begins.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},   // IPv4-mapped, RFC 4291 section 2.5.5.2
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated, RFC 2765
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64, RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4, RFC 3056
}

// carried returns the address at which a connection to a ends.
func carried(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	for _, c := range carriers {
		if b := a.As16(); a.Is6() && c.prefix.Contains(a) {
			return netip.AddrFrom4([4]byte(b[c.at : c.at+4]))
		}
	}
	return a
}
