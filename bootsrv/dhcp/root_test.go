package dhcp

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
	"ironhook/store"
)

// asInitiator asks like the iSCSI initiator of EDK2: without a class, for the root path.
var asInitiator = func(p *dhcpv4.DHCPv4) {
	p.UpdateOption(dhcpv4.OptParameterRequestList(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer,
		dhcpv4.OptionRootPath))
}

// The initiator in the firmware of an enrolled machine is told where its disk is; iPXE,
// strangers, and clients that do not ask are not.
func TestRoot(t *testing.T) {
	want := Root{"iscsi:10.77.0.1::3260:0:iqn.2026-01.test:v1", "iqn.2026-01.test:pc"}
	n := newNetwork(t, func(c *Config) {
		c.Root = func(_ *store.Tx, mac string) (Root, error) {
			if mac == known1 {
				return want, nil
			}
			return Root{}, nil
		}
	})
	n.enrol(known1, true)
	n.enrol(known2, true)
	asIPXE := func(p *dhcpv4.DHCPv4) { p.UpdateOption(dhcpv4.OptUserClass("iPXE")); asInitiator(p) }
	for _, c := range []struct {
		name, mac string
		as        dhcpv4.Modifier
		root      Root
	}{
		{"the firmware's initiator", known1, asInitiator, want},
		{"a client that does not ask", known1, asPXE, Root{}},
		{"iPXE", known1, asIPXE, Root{}},
		{"a machine without one", known2, asInitiator, Root{}},
		{"a stranger", stranger, asInitiator, Root{}},
	} {
		for _, kind := range []dhcpv4.MessageType{discover, request} {
			p := build(t, c.mac, kind, c.as)
			if kind == request {
				p.UpdateOption(dhcpv4.OptServerIdentifier([]byte{10, 77, 0, 1}))
				p.UpdateOption(dhcpv4.OptRequestedIPAddress(n.lease(c.mac).Address.AsSlice()))
			}
			r := n.ask(p)
			if got := (Root{r.Packet.RootPath(), string(r.Packet.Options.Get(initiatorName))}); got != c.root {
				t.Errorf("%s, %s: told %+v, want %+v", c.name, kind, got, c.root)
			}
		}
	}
	broken := newNetwork(t, func(c *Config) {
		c.Root = func(*store.Tx, string) (Root, error) { return Root{}, errors.New("disk full") }
	})
	broken.enrol(known1, true)
	p := build(t, known1, discover, asInitiator)
	if r, err := broken.server.Handle(t.Context(), Request{Packet: p, Card: p.ClientHWAddr, Port: serverPort}); r != nil || err == nil {
		t.Errorf("the store fails: %v, %v, want no answer", r, err)
	}
}

// Firmware of an enrolled machine with Secure Boot gets a signed program; iPXE gets its script
// all the same, and a BIOS what it always gets.
func TestSigned(t *testing.T) {
	n := newNetwork(t, func(c *Config) {
		c.Files = map[string][]byte{"snponly.efi": {1}, "undionly.kpxe": {1}, "secure/x86_64-sb/shimx64.efi": {1}}
		c.Signed = func(_ *store.Tx, mac string) (bool, error) { return mac == known1, nil }
	})
	n.enrol(known1, true)
	n.enrol(known2, true)
	arch := func(a uint16, class string) dhcpv4.Modifier {
		return func(p *dhcpv4.DHCPv4) {
			p.UpdateOption(dhcpv4.OptClassIdentifier(class))
			p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{byte(a >> 8), byte(a)}))
		}
	}
	for _, c := range []struct {
		name, mac string
		as        dhcpv4.Modifier
		want      string
	}{
		{"UEFI", known1, arch(7, "PXEClient:Arch:00007"), "secure/x86_64-sb/shimx64.efi"},
		{"HTTP boot", known1, arch(16, "HTTPClient:Arch:00016"), "/secure/x86_64-sb/shimx64.efi"},
		{"BIOS", known1, arch(0, "PXEClient:Arch:00000"), "undionly.kpxe"},
		{"iPXE", known1, func(p *dhcpv4.DHCPv4) {
			arch(7, "PXEClient:Arch:00007")(p)
			p.UpdateOption(dhcpv4.OptUserClass("iPXE"))
		}, "/boot/"},
		{"another machine", known2, arch(7, "PXEClient:Arch:00007"), "snponly.efi"},
	} {
		r := n.ask(build(t, c.mac, discover, c.as))
		if got := r.Packet.BootFileNameOption(); !strings.Contains(got, c.want) {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
	}
}

// Whatever the root, it stays in its two options and changes no other.
func FuzzRoot(f *testing.F) {
	f.Add("iscsi:10.0.0.1::3260:0:iqn.a:t", "iqn.a:i")
	f.Add(strings.Repeat("x", 300), "\xff\x43\x04evil")
	f.Add("a\x00\xff6\x04\x0a\x00\x00\x01", "")
	f.Fuzz(func(t *testing.T, path, initiator string) {
		p := build(t, known1, discover)
		plain, with := reply(p, dhcpv4.MessageTypeOffer, netip.MustParseAddr("10.77.0.1")),
			reply(p, dhcpv4.MessageTypeOffer, netip.MustParseAddr("10.77.0.1"))
		Root{path, initiator}.add(with)
		got, err := decode(with.ToBytes())
		if err != nil {
			t.Fatal(err)
		}
		told := path != "" && len(path) <= longestEcho && len(initiator) <= longestEcho
		if told && (string(got.Options.Get(dhcpv4.OptionRootPath)) != path || initiator != "" &&
			string(got.Options.Get(initiatorName)) != initiator) {
			t.Fatalf("%q, %q became %s", path, initiator, got.Summary())
		}
		delete(got.Options, dhcpv4.OptionRootPath.Code())
		delete(got.Options, initiatorName.Code())
		if !bytes.Equal(got.ToBytes(), plain.ToBytes()) {
			t.Fatalf("%q, %q changed others: %s", path, initiator, got.Summary())
		}
	})
}

// A Raspberry Pi gets the menu without which it takes no offer, from a full server and from
// a proxy; without firmware for it there is none, and that is said.
func TestRaspberryPi(t *testing.T) {
	const pi3, pi4 = "b8:27:eb:00:00:01", "52:54:00:00:00:04"
	with := func(files map[string][]byte, mode Mode) func(*Config) {
		return func(c *Config) { c.Files, c.Mode = files, mode }
	}
	guid := func(p *dhcpv4.DHCPv4) {
		asPXE(p)
		p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientMachineIdentifier, append([]byte("\x00RPi4"), make([]byte, 12)...)))
	}
	for _, mode := range []Mode{Full, Proxy} {
		n := newNetwork(t, with(map[string][]byte{"raspberrypi/start4.elf": {1}, "undionly.kpxe": nil}, mode))
		for mac, as := range map[string]dhcpv4.Modifier{pi3: asPXE, pi4: guid} {
			n.enrol(mac, true)
			r := n.ask(build(t, mac, discover, as))
			if r == nil || !bytes.Contains(r.Packet.Options.Get(dhcpv4.OptionVendorSpecificInformation),
				[]byte("\x09\x14\x00\x00\x11Raspberry Pi Boot\xff")) ||
				r.Packet.ClassIdentifier() != "PXEClient" || r.Packet.ServerIPAddr.String() != "10.77.0.1" || r.Packet.BootFileName != "start4.elf" {
				t.Errorf("%s, %s: answered %v", mode, mac, r)
			}
			if !n.hasEvent(baremetal.EventDiscover, mac, "Raspberry Pi") {
				t.Errorf("told %v", n.events())
			}
		}
		uefi := build(t, pi3, discover, asPXE, dhcpv4.WithGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{0, 11}))
		if got := identify(uefi).String(); got != "PXE, UEFI arm64" {
			t.Errorf("a UEFI firmware on a Pi is %q", got)
		}
	}
	n := newNetwork(t, with(map[string][]byte{"undionly.kpxe": nil}, Full))
	n.enrol(pi3, true)
	r := n.ask(build(t, pi3, discover, asPXE))
	if r == nil || r.Packet.BootFileName != "" || !n.hasEvent(baremetal.EventRefused, pi3, "the folder raspberrypi") {
		t.Errorf("without firmware: %v, told %v", r, n.events())
	}
}
