package dhcp

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

const (
	discover = dhcpv4.MessageTypeDiscover
	request  = dhcpv4.MessageTypeRequest
)

// The lease of an offer or an acknowledgement is in the store before it is sent.
func TestPromisesAreKept(t *testing.T) {
	n := newNetwork(t, nil)
	offer := n.ask(build(t, stranger, discover))
	if offer == nil || offer.Packet.MessageType() != dhcpv4.MessageTypeOffer {
		t.Fatalf("offer: %v", offer)
	}
	a := addr(offer.Packet.YourIPAddr)
	if l := n.lease(stranger); l == nil || l.Address != a || time.Until(l.Expires) < holdTime-time.Second || time.Until(l.Expires) > holdTime {
		t.Errorf("after the offer of %s the lease is %+v", a, l)
	}
	ack := n.ask(build(t, stranger, request, from("10.77.0.1"), wants(a.String())))
	if ack == nil || ack.Packet.MessageType() != dhcpv4.MessageTypeAck || addr(ack.Packet.YourIPAddr) != a {
		t.Fatalf("acknowledgement: %v", ack)
	}
	if l := n.lease(stranger); time.Until(l.Expires) < ack.Packet.IPAddressLeaseTime(0)-time.Second {
		t.Errorf("%s was promised, the lease is %+v", ack.Packet.IPAddressLeaseTime(0), l)
	}
}

// A machine keeps its address long after its lease has ended, whatever it requests; a
// repeated request costs no write while the offer holds.
func TestAddressesAreSticky(t *testing.T) {
	n := newNetwork(t, nil)
	n.seed(known1, "10.77.0.102", -100*time.Hour, false)
	for range 3 {
		if offer := n.ask(build(t, known1, discover, wants("10.77.0.101"))); addr(offer.Packet.YourIPAddr).String() != "10.77.0.102" {
			t.Fatalf("offered %s, want 10.77.0.102 again", offer.Packet.YourIPAddr)
		}
	}
	before := n.lease(known1).UpdatedAt
	n.ask(build(t, known1, discover))
	if after := n.lease(known1).UpdatedAt; after != before {
		t.Error("an offer that holds was written again")
	}
}

// A lease of an old range, or of another server, is not offered.
func TestUnusableLeases(t *testing.T) {
	n := newNetwork(t, nil)
	n.seed(known1, "10.77.0.7", time.Hour, false)
	n.seed(known2, "10.77.0.200", time.Hour, true)
	for _, mac := range []string{known1, known2} {
		offer := n.ask(build(t, mac, discover))
		if a := addr(offer.Packet.YourIPAddr); !n.server.Range.Contains(a) {
			t.Errorf("%s was offered %s, which is outside %s", mac, a, n.server.Range)
		}
		if l := n.lease(mac); l.Observed {
			t.Errorf("lease %+v is ours now", l)
		}
	}
}

func TestExhaustion(t *testing.T) {
	n := newNetwork(t, nil)
	given := map[netip.Addr]bool{}
	for i := range 4 {
		offer := n.ask(build(t, fmt.Sprintf("52:54:00:00:01:%02x", i), discover))
		given[addr(offer.Packet.YourIPAddr)] = true
	}
	if len(given) != 4 {
		t.Fatalf("4 machines have %d addresses", len(given))
	}
	if r := n.ask(build(t, stranger, discover)); r != nil {
		t.Errorf("a fifth machine was offered %s", r.Packet.YourIPAddr)
	}
	if !n.hasEvent(baremetal.EventRefused, stranger, "no address left") {
		t.Errorf("nobody was told: %v", n.events())
	}
	n.enrol(known1, true)
	if r := n.ask(build(t, known1, discover)); r == nil {
		t.Error("an enrolled machine got no address though strangers hold mere offers")
	}
	if got := len(n.leases()); got != 4 {
		t.Errorf("%d leases in a range of 4", got)
	}
}

// RFC 2131 section 4.3.2, case by case.
func TestVerdict(t *testing.T) {
	n := newNetwork(t, nil)
	mine := &baremetal.Lease{Address: netip.MustParseAddr("10.77.0.100")}
	seen := &baremetal.Lease{Address: netip.MustParseAddr("10.77.0.200"), Observed: true}
	for _, c := range []struct {
		name     string
		lease    *baremetal.Lease
		chosen   string
		claimed  string
		renewing bool
		want     verdict
	}{
		{"SELECTING, our offer", mine, "10.77.0.1", "10.77.0.100", false, confirm},
		{"SELECTING, another address than offered", mine, "10.77.0.1", "10.77.0.101", false, deny},
		{"SELECTING, an offer we do not remember", nil, "10.77.0.1", "10.77.0.100", false, deny},
		{"SELECTING, another server", mine, "10.77.0.2", "10.77.0.200", false, others},
		{"INIT-REBOOT, its address", mine, "", "10.77.0.100", false, confirm},
		{"INIT-REBOOT, another's address", mine, "", "10.77.0.101", false, deny},
		{"INIT-REBOOT, another network", nil, "", "192.168.1.5", false, deny},
		{"INIT-REBOOT, nothing known", nil, "", "10.77.0.100", false, silence},
		{"INIT-REBOOT, known from another server only", seen, "", "10.77.0.200", false, silence},
		{"RENEWING, its address", mine, "", "10.77.0.100", true, confirm},
		{"RENEWING, another's address", mine, "", "10.77.0.101", true, deny},
		{"REBINDING, nothing known", nil, "", "10.77.0.100", true, silence},
	} {
		chosen, _ := netip.ParseAddr(c.chosen)
		if got := n.server.verdict(n.server.local(), c.lease, chosen, netip.MustParseAddr(c.claimed), c.renewing); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
	}
	n.server.Yield = true
	if got := n.server.verdict(n.server.local(), nil, netip.Addr{}, netip.MustParseAddr("192.168.1.5"), false); got != silence {
		t.Errorf("INIT-REBOOT in another network, where nobody told us to be the server: verdict %d, want silence", got)
	}
}

// The destination of each answer (RFC 2131 section 4.1).
func TestWays(t *testing.T) {
	broadcast := dhcpv4.WithBroadcast(true)
	for _, c := range []struct {
		name  string
		p     *dhcpv4.DHCPv4
		to    string
		frame bool
	}{
		{"offer to a client that hears its card", build(t, known1, discover), "10.77.0.100:68", true},
		{"offer to one that needs a broadcast", build(t, known1, discover, broadcast), "255.255.255.255:68", true},
		{"offer through a relay", build(t, known1, discover, via("10.77.0.9")), "10.77.0.9:67", false},
		{"denial", build(t, known1, request, from("10.77.0.1"), wants("10.77.0.103")), "255.255.255.255:68", true},
		{"denial through a relay", build(t, known1, request, from("10.77.0.1"), wants("10.77.0.103"), via("10.77.0.9")), "10.77.0.9:67", false},
		{"renewal", build(t, known1, request, has("10.77.0.100")), "10.77.0.100:68", false},
		{"information", build(t, stranger, dhcpv4.MessageTypeInform, has("10.77.0.50")), "10.77.0.50:68", false},
	} {
		n := newNetwork(t, nil)
		n.seed(known1, "10.77.0.100", time.Hour, false)
		r := n.ask(c.p)
		if r == nil || r.To.String() != c.to || r.Frame != c.frame {
			t.Errorf("%s: %+v, want to %s, frame %v", c.name, r, c.to, c.frame)
		}
		if r != nil && r.Packet.MessageType() == dhcpv4.MessageTypeNak && c.to == "10.77.0.9:67" && !r.Packet.IsBroadcast() {
			t.Errorf("%s: the relay is not told to broadcast it", c.name)
		}
	}
}

func TestSilence(t *testing.T) {
	n := newNetwork(t, nil)
	answer := build(t, known1, discover)
	answer.OpCode = dhcpv4.OpcodeBootReply
	bootpReply := build(t, known1, dhcpv4.MessageTypeNone)
	bootpReply.OpCode = dhcpv4.OpcodeBootReply
	for name, p := range map[string]*dhcpv4.DHCPv4{
		"a reply":                       answer,
		"a multicast address":           build(t, "01:00:5e:00:00:01", discover),
		"no address":                    build(t, "00:00:00:00:00:00", discover),
		"InfiniBand":                    build(t, "00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01", discover),
		"an address of another network": build(t, known1, dhcpv4.MessageTypeInform, has("10.99.0.5")),
		"a relay of another network":    build(t, known1, discover, via("10.99.0.1")),
		"a reply of BOOTP":              bootpReply,
		"BOOTP through a relay":         build(t, known1, dhcpv4.MessageTypeNone, via("10.99.0.1")),
		"a release of what is another":  build(t, known1, dhcpv4.MessageTypeRelease, from("10.77.0.1"), has("10.77.0.100")),
	} {
		if r := n.ask(p); r != nil {
			t.Errorf("%s was answered: %s", name, r.Packet.Summary())
		}
	}
	if l := n.leases(); len(l) != 0 {
		t.Errorf("leases %v of clients that got no answer", l)
	}
}

func TestDecline(t *testing.T) {
	n := newNetwork(t, nil)
	n.seed(known1, "10.77.0.100", time.Hour, false)
	n.ask(build(t, stranger, dhcpv4.MessageTypeDecline, from("10.77.0.1"), wants("10.77.0.100")))
	n.ask(build(t, known1, dhcpv4.MessageTypeDecline, from("10.77.0.2"), wants("10.77.0.100")))
	if l := n.lease(known1); l == nil || l.Address.String() != "10.77.0.100" {
		t.Fatalf("a stranger's decline, or one to another server, changed the lease to %+v", l)
	}
	n.ask(build(t, known1, dhcpv4.MessageTypeDecline, from("10.77.0.1"), wants("10.77.0.100")))
	for _, mac := range []string{known1, known2, stranger} {
		if r := n.ask(build(t, mac, discover, wants("10.77.0.100"))); addr(r.Packet.YourIPAddr).String() == "10.77.0.100" {
			t.Errorf("%s was offered the address that is in use by another host", mac)
		}
	}
}

func TestRelease(t *testing.T) {
	n := newNetwork(t, nil)
	n.seed(known1, "10.77.0.100", time.Hour, false)
	n.ask(build(t, known1, dhcpv4.MessageTypeRelease, from("10.77.0.1"), has("10.77.0.100")))
	if l := n.lease(known1); l == nil || l.Expires.After(time.Now()) {
		t.Errorf("after its release the lease is %+v, want one that has ended", l)
	}
	if r := n.ask(build(t, stranger, discover)); addr(r.Packet.YourIPAddr).String() == "10.77.0.100" {
		t.Error("a released address was given away while others are free")
	}
}

// A request that names a second server changes no mode: a server in mode full records it,
// one in mode auto probes for that server.
func TestAnotherServer(t *testing.T) {
	for _, yield := range []bool{true, false} {
		n := newNetwork(t, func(conf *Config) { conf.Yield = yield })
		if r := n.ask(build(t, stranger, request, from("10.77.0.2"), wants("10.77.0.200"))); r != nil {
			t.Errorf("a client of another server was answered: %v", r)
		}
		if got := n.server.Working(); got != Full {
			t.Errorf("yield %v: works as %s after one request", yield, got)
		}
		if n.hasEvent(baremetal.EventError, stranger, "10.77.0.2") == yield {
			t.Errorf("yield %v: told %v", yield, n.events())
		}
		if looks := len(n.server.doubt) == 1; looks != yield {
			t.Errorf("yield %v: looks for the other server: %v", yield, looks)
		}
		if r := n.ask(build(t, stranger, discover)); r == nil {
			t.Errorf("yield %v: the next DISCOVER got no answer", yield)
		}
	}
}

// The boot file of a client, or the reason why it gets none.
func TestBootFile(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	n.enrol(known2, false)
	arm := func(p *dhcpv4.DHCPv4) {
		asPXE(p)
		p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{0, 11}))
	}
	for _, c := range []struct {
		mac    string
		as     dhcpv4.Modifier
		file   string
		reason string
	}{
		{stranger, asPXE, "undionly.kpxe", ""},
		{known1, asPXE, "undionly.kpxe", ""},
		{known2, asPXE, "", "pxe_enabled"},
		{known1, arm, "", "ipxe-arm64.efi"},
		{known1, func(*dhcpv4.DHCPv4) {}, "", ""},
	} {
		r := n.ask(build(t, c.mac, discover, c.as))
		if r == nil || r.Packet.BootFileName != c.file {
			t.Errorf("%s: answered %v, want an address and boot file %q", c.mac, r, c.file)
		}
		if c.reason != "" && !n.hasEvent(baremetal.EventRefused, c.mac, c.reason) {
			t.Errorf("%s: nobody was told of %q: %v", c.mac, c.reason, n.events())
		}
	}
	if !n.hasEvent(baremetal.EventDiscover, known1, "PXE, BIOS") ||
		!n.hasEvent(baremetal.EventOffer, known1, "10.77.0.101, boot file undionly.kpxe") {
		t.Errorf("the story of %s is %v", known1, n.events())
	}
	for _, e := range n.events() {
		if want := map[string]string{known1: "node-" + known1, known2: "node-" + known2}[e.MAC]; e.Node != want {
			t.Errorf("event %+v, want node %q", e, want)
		}
		if (e.Kind == baremetal.EventRefused) != (e.Step == baremetal.EventOffer) {
			t.Errorf("event %+v, want a refusal to name the step offer", e)
		}
	}
}

// A relay's option is echoed (RFC 3046), and so is the client's identifier (RFC 6842).
func TestEchoes(t *testing.T) {
	n := newNetwork(t, nil)
	p := build(t, known1, discover, via("10.77.0.9"))
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionRelayAgentInformation, dhcpv4.OptionClientIdentifier,
		dhcpv4.OptionClientMachineIdentifier} {
		p.UpdateOption(dhcpv4.OptGeneric(code, []byte{1, 2, code.Code()}))
	}
	r := n.ask(p)
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionRelayAgentInformation, dhcpv4.OptionClientIdentifier,
		dhcpv4.OptionClientMachineIdentifier} {
		if got := r.Packet.Options.Get(code); !bytes.Equal(got, []byte{1, 2, code.Code()}) {
			t.Errorf("option %v came back as %v", code, got)
		}
	}
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionRelayAgentInformation, dhcpv4.OptionClientIdentifier} {
		p.UpdateOption(dhcpv4.OptGeneric(code, bytes.Repeat([]byte{1}, 1200))) // in five pieces (RFC 3396)
	}
	if got := n.ask(p).Packet.ToBytes(); len(got) > 576 {
		t.Errorf("an answer of %d bytes, which not every client takes (RFC 2131 section 2)", len(got))
	}
}

func TestWayOutIsOffered(t *testing.T) {
	n := newNetwork(t, func(c *Config) {
		c.Router = netip.MustParseAddr("10.77.0.254")
		c.DNS = []netip.Addr{netip.MustParseAddr("10.77.0.53")}
	})
	p := n.ask(build(t, stranger, discover)).Packet
	if !p.Router()[0].Equal(net.IPv4(10, 77, 0, 254)) || !p.DNS()[0].Equal(net.IPv4(10, 77, 0, 53)) {
		t.Errorf("offered router %v, DNS %v", p.Router(), p.DNS())
	}
}

// Without the store there is no offer.
func TestStoreFailure(t *testing.T) {
	n := newNetwork(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := n.server.Handle(ctx, Request{Packet: build(t, stranger, discover), Port: serverPort})
	if r != nil || err == nil || len(n.leases()) != 0 {
		t.Errorf("Handle = %v, %v, leases %v, want an error and nothing else", r, err, n.leases())
	}
}

// A lease survives a restart: a new server on the same store gives the same address.
func TestRestart(t *testing.T) {
	n := newNetwork(t, nil)
	first := n.ask(build(t, stranger, discover))
	n.server = New(n.server.Config)
	again := n.ask(build(t, stranger, discover))
	if !first.Packet.YourIPAddr.Equal(again.Packet.YourIPAddr) {
		t.Errorf("before the restart %s, after it %s", first.Packet.YourIPAddr, again.Packet.YourIPAddr)
	}
}

// An enrolled machine gets the MTU that its port has, in every answer of DHCP.
func TestMTU(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	for extra, want := range map[string][]byte{"9000": {0x23, 0x28}, "9": nil, "": nil} {
		n.extra(known1, baremetal.Object{"mtu": extra})
		for _, kind := range []dhcpv4.MessageType{dhcpv4.MessageTypeDiscover, dhcpv4.MessageTypeInform} {
			r := n.ask(build(t, known1, kind, has("10.77.0.9")))
			if r == nil || !bytes.Equal(r.Packet.Options.Get(dhcpv4.OptionInterfaceMTU), want) {
				t.Errorf("with mtu %q, %s is answered with %v, want %x", extra, kind, r, want)
			}
		}
	}
	if r := n.ask(build(t, known2, discover)); r == nil || r.Packet.Options.Has(dhcpv4.OptionInterfaceMTU) {
		t.Errorf("a stranger gets %v", r)
	}
}
