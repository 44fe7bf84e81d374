package network

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

func TestLeased(t *testing.T) {
	now := time.Unix(1000, 0)
	address := dhcpv4.WithYourIP(net.IPv4(192, 168, 1, 7))
	server := dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 168, 1, 3)))
	for _, test := range []struct {
		name string
		ack  []dhcpv4.Modifier
		want Address // none for an answer that is refused
	}{
		{"all", []dhcpv4.Modifier{address, server, dhcpv4.WithNetmask(net.CIDRMask(28, 32)), dhcpv4.WithRouter(net.IPv4(192, 168, 1, 1)),
			dhcpv4.WithDNS(net.IPv4(192, 168, 1, 2)), dhcpv4.WithLeaseTime(7200)},
			Address{Card: "eth0", Prefix: netip.MustParsePrefix("192.168.1.7/28"), Gateway: netip.MustParseAddr("192.168.1.1"),
				DNS: []netip.Addr{netip.MustParseAddr("192.168.1.2")}, Server: "192.168.1.3", Until: now.Add(time.Hour)}},
		{"no mask", []dhcpv4.Modifier{address, server},
			Address{Card: "eth0", Prefix: netip.MustParsePrefix("192.168.1.7/24"), Server: "192.168.1.3", Until: now.Add(30 * time.Minute)}},
		{"a short lease", []dhcpv4.Modifier{address, server, dhcpv4.WithLeaseTime(2)},
			Address{Card: "eth0", Prefix: netip.MustParsePrefix("192.168.1.7/24"), Server: "192.168.1.3", Until: now.Add(10 * time.Second)}},
		{"no address", []dhcpv4.Modifier{server}, Address{}},
		{"an empty mask", []dhcpv4.Modifier{address, server, dhcpv4.WithNetmask(net.CIDRMask(0, 32))}, Address{}},
	} {
		ack, err := dhcpv4.New(test.ack...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := leased("eth0", &nclient4.Lease{ACK: ack}, now)
		same := got.Card == test.want.Card && got.Prefix == test.want.Prefix &&
			got.Gateway == test.want.Gateway && slices.Equal(got.DNS, test.want.DNS) &&
			got.Server == test.want.Server && got.Until.Equal(test.want.Until)
		if !same || (err == nil) != (test.want.Card != "") {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

func TestOffersAddress(t *testing.T) {
	for _, test := range []struct {
		name string
		with []dhcpv4.Modifier
		want bool
	}{
		{"an address", []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer), dhcpv4.WithYourIP(net.IPv4(192, 168, 1, 7))}, true},
		{"a proxy's",
			[]dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer), dhcpv4.WithOption(dhcpv4.OptBootFileName("a.efi"))}, false},
		{"an ACK", []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeAck), dhcpv4.WithYourIP(net.IPv4(192, 168, 1, 7))}, false},
	} {
		message, err := dhcpv4.New(test.with...)
		if err != nil {
			t.Fatal(err)
		}
		if got := offersAddress(message); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}
