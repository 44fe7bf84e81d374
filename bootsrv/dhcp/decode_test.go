package dhcp

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// wire is a message as bytes: the header of a request of mac, then the cookie and options.
func wire(t testing.TB, mac string, after ...byte) []byte {
	t.Helper()
	return append(build(t, mac, discover).ToBytes()[:cookieAt], after...)
}

// option is one option as bytes.
func option(code byte, value string) []byte {
	return append([]byte{code, byte(len(value))}, value...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var (
	kindDiscover = []byte{53, 1, 1}
	classBIOS    = option(60, "PXEClient:Arch:00000:UNDI:002001")
	classUEFI    = option(60, "PXEClient:Arch:00007:UNDI:003016")
	archUEFI     = []byte{93, 2, 0, 7}
	archHTTP     = []byte{93, 2, 0, 16}
)

// features is iPXE's option 175 that states these features.
func features(codes ...byte) []byte {
	var b []byte
	for _, c := range codes {
		b = append(b, c, 1, 1)
	}
	return option(175, string(b))
}

// A 32-bit UEFI is given what the operator has brought for it, or told what is missing.
func TestUEFIOf32Bits(t *testing.T) {
	for _, c := range []struct {
		class string
		name  string
		file  string
		want  string
	}{
		{"PXEClient:Arch:00006", "PXE, UEFI x86", "ipxe-ia32.efi", "ipxe-ia32.efi"},
		{"PXEClient:Arch:00010", "PXE, UEFI arm", "ipxe-arm32.efi", "ipxe-arm32.efi"},
		{"HTTPClient:Arch:00015", "HTTP boot, UEFI x86 HTTP", "ipxe-ia32.efi", "http://10.77.0.1:8080/ipxe/ipxe-ia32.efi"},
		{"HTTPClient:Arch:00018", "HTTP boot, UEFI arm HTTP", "ipxe-arm32.efi", "http://10.77.0.1:8080/ipxe/ipxe-arm32.efi"},
	} {
		ask := func(files ...string) (*network, string) {
			n := newNetwork(t, func(cfg *Config) {
				for _, f := range files {
					cfg.Files[f] = nil
				}
			})
			n.enrol(known1, true)
			r := n.ask(build(t, known1, discover, dhcpv4.WithOption(dhcpv4.OptClassIdentifier(c.class))))
			if r == nil {
				t.Fatalf("%s: no answer", c.class)
			}
			return n, r.Packet.BootFileName
		}
		if _, got := ask(c.file); got != c.want {
			t.Errorf("%s: file %q, want %q", c.class, got, c.want)
		}
		n, got := ask()
		if says := c.name + ": no boot file, iPXE binary " + c.file; got != "" || !n.hasEvent(baremetal.EventRefused, known1, says) {
			t.Errorf("%s: file %q, and no event says %q", c.class, got, says)
		}
	}
}

// An iPXE that knows no VLANs loads ours if the storage of its machine is in one.
func TestVLANNeedsAnIPXE(t *testing.T) {
	for _, c := range []struct {
		vlan   string
		states []byte
		want   string
	}{
		{"100", features(0x11, 0x13), "undionly.kpxe"},
		{"100", option(175, "\x11\x01\x01\x13\x01\x01\x26\x01\x00"), "undionly.kpxe"},
		{"100", features(0x11, 0x13, 0x26), script1},
		{"100", nil, script1}, // it does not say
		{"", features(0x11, 0x13), script1},
		{"none", features(0x11, 0x13), script1},
	} {
		n := newNetwork(t, nil)
		n.enrol(known1, true)
		n.extra(known1, baremetal.Object{"storage_vlan": c.vlan})
		p, err := decode(wire(t, known1, join(cookie, kindDiscover, classBIOS, option(77, "iPXE"), c.states, []byte{optEnd})...))
		if err != nil {
			t.Fatal(err)
		}
		if r := n.ask(p); r == nil || r.Packet.BootFileName != c.want {
			t.Errorf("VLAN %q, features %x: answered %v, want file %q", c.vlan, c.states, r, c.want)
		}
	}
}

// Messages as firmware really sends them, and what each client is: the first column is not
// what the standard asks for, or what a client that looks like another one sends.
func TestOddClients(t *testing.T) {
	end := []byte{optEnd}
	inFile := func(b []byte, overload byte, at int, options []byte) []byte {
		copy(b[at:], append(options, optEnd))
		return append(b, join(cookie, kindDiscover, []byte{52, 1, overload}, end)...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string // the client
		file string
	}{
		{"no end", join(cookie, kindDiscover, classBIOS), "PXE, BIOS", "undionly.kpxe"},
		{"last option cut off", join(cookie, kindDiscover, classBIOS, []byte{12, 40}, []byte("abc")), "PXE, BIOS", "undionly.kpxe"},
		{"only the code of the last option", join(cookie, kindDiscover, classBIOS, []byte{12}), "PXE, BIOS", "undionly.kpxe"},
		{"garbage after the end", join(cookie, kindDiscover, classBIOS, end, []byte{12, 255, 1}), "PXE, BIOS", "undionly.kpxe"},
		{"pads between options", join(cookie, []byte{0, 0}, kindDiscover, []byte{0}, classBIOS, end), "PXE, BIOS", "undionly.kpxe"},
		{"an empty option", join(cookie, []byte{12, 0}, kindDiscover, classBIOS, end), "PXE, BIOS", "undionly.kpxe"},
		{"options in file", inFile(wire(t, known1), 1, fileAt, join(classUEFI, archUEFI)), "PXE, UEFI x64", "snponly.efi"},
		{"options in sname", inFile(wire(t, known1), 2, snameAt, join(classUEFI, archUEFI)), "PXE, UEFI x64", "snponly.efi"},
		{"options in both", inFile(inFile(wire(t, known1), 3, fileAt, archUEFI)[:cookieAt], 3, snameAt, classUEFI), "PXE, UEFI x64",
			"snponly.efi"},
		{"overload of nothing", join(cookie, kindDiscover, classBIOS, []byte{52, 1, 8}, end), "PXE, BIOS", "undionly.kpxe"},
		{"BOOTP", join(cookie, end), "PXE, BIOS", "undionly.kpxe"},
		{"BOOTP without cookie", nil, "PXE, BIOS", "undionly.kpxe"},
		{"BOOTP with other vendor data", []byte{1, 2, 3, 4, 5}, "PXE, BIOS", "undionly.kpxe"},
		{"architecture in the class only", join(cookie, kindDiscover, classUEFI, end), "PXE, UEFI x64", "snponly.efi"},
		{"architecture of nonsense in the class", join(cookie, kindDiscover, option(60, "PXEClient:Arch:x:UNDI"), end), "PXE, BIOS",
			"undionly.kpxe"},
		{"no class, an architecture", join(cookie, kindDiscover, archUEFI, end), "PXE, UEFI x64", "snponly.efi"},
		{"no class, an architecture of HTTP", join(cookie, kindDiscover, archHTTP, end), "HTTP boot, UEFI x64 HTTP",
			"http://10.77.0.1:8080/ipxe/snponly.efi"},
		{"another class, an architecture", join(cookie, kindDiscover, option(60, "MSFT 5.0"), archUEFI, end), "operating system", ""},
		{"iPXE", join(cookie, kindDiscover, classBIOS, option(77, "iPXE"), features(0x11, 0x13), end), "iPXE on BIOS", script1},
		{"iPXE with its class as RFC 3004 has it", join(cookie, kindDiscover, classUEFI, option(77, "\x04iPXE"), end), "iPXE on UEFI x64",
			script1},
		{"iPXE with a user class of its owner's", join(cookie, kindDiscover, classBIOS, option(77, "lab"), features(0x11, 0x13), end),
			"iPXE on BIOS", script1},
		{"iPXE without HTTP", join(cookie, kindDiscover, classBIOS, option(77, "iPXE"), features(0x15, 0x11), end), "PXE, BIOS", "undionly.kpxe"},
		{"iPXE without iSCSI", join(cookie, kindDiscover, classUEFI, option(77, "iPXE"), features(0x15, 0x13), end), "PXE, UEFI x64",
			"snponly.efi"},
		{"iPXE that denies HTTP", join(cookie, kindDiscover, classBIOS, option(77, "iPXE"), option(175, "\x11\x01\x01\x13\x01\x00"), end),
			"PXE, BIOS", "undionly.kpxe"},
		{"gPXE", join(cookie, kindDiscover, classBIOS, option(77, "gPXE"), features(0x11, 0x13), end), "PXE, BIOS", "undionly.kpxe"},
		{"an empty option 175", join(cookie, kindDiscover, classBIOS, []byte{175, 0}, end), "PXE, BIOS", "undionly.kpxe"},
		{"an option 175 of something else", join(cookie, kindDiscover, option(60, "MSFT 5.0"), option(175, "\x01"), end), "operating system", ""},
	} {
		b := c.b
		if len(b) < cookieAt {
			b = wire(t, known1, b...)
		}
		for _, hardware := range []byte{1, 6} { // Ethernet, IEEE 802
			b[1] = hardware
			n := newNetwork(t, nil)
			n.enrol(known1, true)
			p, err := decode(b)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if got := identify(p).String(); got != c.want {
				t.Errorf("%s: is %q, want %q", c.name, got, c.want)
			}
			r := n.ask(p)
			if r == nil || r.Packet.BootFileName != c.file || !n.server.Range.Contains(addr(r.Packet.YourIPAddr)) ||
				byte(r.Packet.HWType) != hardware {
				t.Errorf("%s, hardware type %d: answered %v, want file %q", c.name, hardware, r, c.file)
			}
		}
	}
	if _, err := decode(make([]byte, cookieAt-1)); err == nil {
		t.Error("half a header was read")
	}
}

const script1 = "http://10.77.0.1:8080/boot/52-54-00-00-00-01"

// A client of BOOTP gets a reply that it can read, without DHCP's options and in 300 bytes
// (RFC 951 section 3), and keeps its address. A proxy leaves it to the server.
func TestBOOTP(t *testing.T) {
	n := newNetwork(t, func(c *Config) {
		c.Router, c.DNS = netip.MustParseAddr("10.77.0.254"), []netip.Addr{netip.MustParseAddr("10.77.0.53")}
	})
	first := n.ask(build(t, stranger, dhcpv4.MessageTypeNone))
	if first == nil {
		t.Fatal("no answer")
	}
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionDHCPMessageType, dhcpv4.OptionServerIdentifier, dhcpv4.OptionIPAddressLeaseTime,
		dhcpv4.OptionBootfileName} {
		if first.Packet.Options.Has(code) {
			t.Errorf("the reply has %v", code)
		}
	}
	p := first.Packet
	if got := p.ToBytes(); len(got) != 300 || p.BootFileName != "undionly.kpxe" || p.ServerIPAddr.String() != "10.77.0.1" ||
		len(p.Router()) != 1 || p.SubnetMask() == nil {
		t.Errorf("%d bytes: %s", len(got), p.Summary())
	}
	if l := n.lease(stranger); l == nil || !first.Fresh || time.Until(l.Expires) < 23*time.Hour {
		t.Errorf("lease %+v, fresh %v", l, first.Fresh)
	}
	if again := n.ask(build(t, stranger, dhcpv4.MessageTypeNone)); !again.Packet.YourIPAddr.Equal(p.YourIPAddr) {
		t.Errorf("%s, then %s", p.YourIPAddr, again.Packet.YourIPAddr)
	}
	if !n.hasEvent(baremetal.EventOffer, stranger, "undionly.kpxe") {
		t.Errorf("told %v", n.events())
	}
	beside := newNetwork(t, asProxy)
	beside.enrol(known1, true)
	if r := beside.ask(build(t, known1, dhcpv4.MessageTypeNone)); r != nil {
		t.Errorf("a proxy answered BOOTP: %v", r)
	}
}

// Firmware that asks on port 4011 and does not use its address yet is answered by broadcast.
func TestProxyPortWithoutAddress(t *testing.T) {
	n := newNetwork(t, asProxy)
	n.enrol(known1, true)
	p := build(t, known1, request, asPXE, wants("10.77.0.203"))
	r, err := n.server.Handle(t.Context(),
		Request{Packet: p, Card: p.ClientHWAddr, From: netip.MustParseAddrPort("0.0.0.0:68"), Port: proxyPort})
	if err != nil || r == nil || r.To.String() != "255.255.255.255:68" || !r.Frame || r.Packet.BootFileName != "undionly.kpxe" {
		t.Fatalf("answer %+v, %v", r, err)
	}
	if l := n.lease(known1); l == nil || l.Address.String() != "10.77.0.203" {
		t.Errorf("lease %+v", l)
	}
}

// Whatever the bytes: no panic, and what is read is read again alike.
func FuzzDecode(f *testing.F) {
	f.Add(captured(f, "ovmf-pxe-discover"))
	f.Add(wire(f, known1, join(cookie, kindDiscover, []byte{52, 1, 3, 12, 40, 1})...))
	f.Add(wire(f, known1))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(p.ToBytes())
		if err != nil || again.MessageType() != p.MessageType() || identify(again) != identify(p) {
			t.Fatalf("%s\nbecame %v, %v", p.Summary(), again, err)
		}
	})
}
