package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"ironhook/baremetal"
)

func TestChoose(t *testing.T) {
	now := time.Now()
	// lease: mac, last byte of address, minutes until its end, minutes it was given for
	lease := func(mac string, last byte, left, given int) *baremetal.Lease {
		end := now.Add(time.Duration(left) * time.Minute)
		return &baremetal.Lease{
			MAC: mac, Address: netip.AddrFrom4([4]byte{10, 0, 0, last}),
			Expires: end, UpdatedAt: end.Add(-time.Duration(given) * time.Minute),
		}
	}
	p := pool{addrs: Range{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.3")}, own: netip.MustParseAddr("10.0.0.1")}
	for _, c := range []struct {
		name     string
		leases   []*baremetal.Lease
		want     string
		enrolled bool
		kept     int
		victim   string
		address  string // "" for none
	}{
		{name: "the first free one, never ours", address: "10.0.0.2"},
		{name: "the one it wants", want: "10.0.0.3", address: "10.0.0.3"},
		{name: "not ours though it wants it", want: "10.0.0.1", address: "10.0.0.2"},
		{name: "not one outside the range", want: "10.0.0.4", address: "10.0.0.2"},
		{name: "not another's", leases: []*baremetal.Lease{lease("a", 2, 5, 60)}, want: "10.0.0.2", address: "10.0.0.3"},
		{name: "a free one before one that has expired", leases: []*baremetal.Lease{lease("a", 2, -5, 60)}, want: "10.0.0.2",
			address: "10.0.0.3"},
		{
			name: "the one that expired first", leases: []*baremetal.Lease{lease("a", 2, -5, 60), lease("b", 3, -9, 60)},
			victim: "b", address: "10.0.0.3",
		},
		{name: "none while all are in use", leases: []*baremetal.Lease{lease("a", 2, 5, 60), lease("b", 3, 9, 60)}},
		{name: "none for an enrolled machine either", leases: []*baremetal.Lease{lease("a", 2, 5, 60), lease("b", 3, 9, 60)}, enrolled: true},
		{
			name: "for an enrolled machine an offer that nobody took", enrolled: true,
			leases: []*baremetal.Lease{lease("a", 2, 5, 60), lease("b", 3, 1, 1)}, victim: "b", address: "10.0.0.3",
		},
		{name: "none of those that are kept", kept: 1, leases: []*baremetal.Lease{lease("a", 2, 5, 60)}},
		{name: "nor the one it wants", kept: 1, leases: []*baremetal.Lease{lease("a", 2, 5, 60)}, want: "10.0.0.3"},
		{name: "nor one that has expired", kept: 1, leases: []*baremetal.Lease{lease("a", 2, 5, 60), lease("b", 3, -9, 60)}},
		{name: "one beyond those that are kept", kept: 1, leases: []*baremetal.Lease{lease("b", 3, -9, 60)}, address: "10.0.0.2"},
		{name: "those are for enrolled machines", kept: 2, enrolled: true, leases: []*baremetal.Lease{lease("a", 2, 5, 60)}, address: "10.0.0.3"},
		{name: "not so for a stranger", leases: []*baremetal.Lease{lease("a", 2, 5, 60), lease("b", 3, 1, 1)}},
	} {
		want, _ := netip.ParseAddr(c.want)
		victim, address := p.choose(c.leases, want, c.enrolled, c.kept, now)
		if got := address; victim != c.victim || (c.address == "") == got.IsValid() || c.address != "" && got.String() != c.address {
			t.Errorf("%s: %q, %v, want %q, %q", c.name, victim, address, c.victim, c.address)
		}
	}
}

func TestParseRange(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"},
		{" 10.0.0.1 - 10.0.0.1 ", "10.0.0.1-10.0.0.1"},
		{"10.0.0.0-10.0.15.255", "10.0.0.0-10.0.15.255"},
		{"10.0.0.0-10.0.16.0", "error"},
		{"10.0.0.9-10.0.0.1", "error"},
		{"10.0.0.1", "error"},
		{"10.0.0.1-", "error"},
		{"a-b", "error"},
		{"fd00::1-fd00::9", "error"},
	} {
		r, err := ParseRange(c.in)
		got := r.String()
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("ParseRange(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func TestRangeWithin(t *testing.T) {
	for _, c := range []struct {
		r, subnet string
		want      bool
	}{
		{"10.0.0.1-10.0.0.254", "10.0.0.7/24", true},
		{"10.0.0.0-10.0.0.9", "10.0.0.7/24", false},
		{"10.0.0.1-10.0.0.255", "10.0.0.7/24", false},
		{"10.0.0.250-10.0.1.9", "10.0.0.7/24", false},
		{"10.0.0.255-10.0.1.0", "10.0.0.7/23", true},
		{"10.0.0.6-10.0.0.7", "10.0.0.6/31", true},
		{"", "10.0.0.7/24", false},
	} {
		r, err := ParseRange(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Within(netip.MustParsePrefix(c.subnet)); got != c.want {
			t.Errorf("%s within %s = %v, want %v", c.r, c.subnet, got, c.want)
		}
	}
}
