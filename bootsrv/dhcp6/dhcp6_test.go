package dhcp6

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/store"
	"ironhook/store/storetest"
	"log/slog"
)

var (
	enrolled = net.HardwareAddr{0x52, 0x54, 0, 0x77, 0, 0x11}
	stranger = net.HardwareAddr{0x52, 0x54, 0, 0x77, 0, 0x12}
	deaf     = net.HardwareAddr{0x52, 0x54, 0, 0x77, 0, 0x13} // pxe_enabled false
)

const own = "fd77::5054:ff:fe77:11"

func newServer(t testing.TB) *Server {
	t.Helper()
	s := storetest.Open(t)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		node := &baremetal.Node{UUID: "11111111-1111-4111-8111-111111111111", Name: "pc"}
		if err := tx.Nodes().Insert(node); err != nil {
			return err
		}
		for i, card := range []net.HardwareAddr{enrolled, deaf} {
			port := &baremetal.Port{UUID: "22222222-2222-4222-8222-22222222222" +
				string(rune('0'+i)), NodeUUID: node.UUID, Address: card.String(), PXEEnabled: i == 0}
			if err := tx.Ports().Insert(port); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	return New(Config{Interface: &net.Interface{Name: "br0", HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}},
		Address: netip.MustParsePrefix("fd77::1/64"),
		HTTP:    8080, TFTP: 69, Files: map[string][]byte{"snponly.efi": {1}}, Store: s, Journal: journal.New(s, log), Log: log})
}

// ask is a message with these options.
func ask(kind dhcpv6.MessageType, options ...dhcpv6.Option) *dhcpv6.Message {
	m := &dhcpv6.Message{MessageType: kind, TransactionID: dhcpv6.TransactionID{1, 2, 3}}
	m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDUUID{UUID: [16]byte{7}}))
	m.AddOption(&dhcpv6.OptIANA{IaId: [4]byte{9}})
	for _, o := range options {
		m.AddOption(o)
	}
	return m
}

// boots are the options of firmware of an architecture.
func boots(arch iana.Arch, class string) []dhcpv6.Option {
	return []dhcpv6.Option{dhcpv6.OptClientArchType(arch), dhcpv6.OptRequestedOption(dhcpv6.OptionBootfileURL),
		&dhcpv6.OptVendorClass{EnterpriseNumber: enterprise, Data: [][]byte{[]byte(class)}}}
}

func TestAddress(t *testing.T) {
	p := netip.MustParsePrefix("fd77::1/64")
	if got := Address(p, enrolled); got.String() != own || Card(got).String() != enrolled.String() {
		t.Errorf("Address = %s of card %s", got, Card(got))
	}
	for _, a := range []string{"10.77.0.1", "fd77::1", "::ffff:10.0.0.1"} {
		if card := Card(netip.MustParseAddr(a)); card != nil {
			t.Errorf("Card(%s) = %s, want none", a, card)
		}
	}
	for text, want := range map[string]bool{"fd77::1/64": true, "2001:db8::1/48": true, "fe80::1/64": false, "fd77::1/128": false,
		"::1/128": false, "10.0.0.1/24": false} {
		if got := Usable(netip.MustParsePrefix(text)); got != want {
			t.Errorf("Usable(%s) = %v", text, got)
		}
	}
}

func TestHandle(t *testing.T) {
	s := newServer(t)
	iPXE := append(boots(iana.EFI_X86_64, "PXEClient:Arch:00007"), &dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte("iPXE")}})
	for _, c := range []struct {
		name string
		card net.HardwareAddr
		q    *dhcpv6.Message
		kind dhcpv6.MessageType // 0: no answer
		url  string
	}{
		{"firmware", enrolled, ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient:Arch:00007")...), dhcpv6.MessageTypeAdvertise,
			"tftp://[fd77::1]/snponly.efi"},
		{"its request", enrolled, ask(dhcpv6.MessageTypeRequest, append(boots(iana.EFI_X86_64, "PXEClient:Arch:00007"),
			dhcpv6.OptServerID(s.duid))...), dhcpv6.MessageTypeReply, "tftp://[fd77::1]/snponly.efi"},
		{"HTTP boot", enrolled, ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64_HTTP, "HTTPClient:Arch:00016")...),
			dhcpv6.MessageTypeAdvertise, "http://[fd77::1]:8080/ipxe/snponly.efi"},
		{"iPXE", enrolled, ask(dhcpv6.MessageTypeSolicit, iPXE...), dhcpv6.MessageTypeAdvertise, "http://[fd77::1]:8080/boot/52-54-00-77-00-11"},
		{"an architecture without a program", enrolled, ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_ARM64, "PXEClient")...),
			dhcpv6.MessageTypeAdvertise, ""},
		{"an operating system", enrolled, ask(dhcpv6.MessageTypeRenew, dhcpv6.OptServerID(s.duid)), dhcpv6.MessageTypeReply, ""},
		{"one that has lost its server", enrolled, ask(dhcpv6.MessageTypeRebind), dhcpv6.MessageTypeReply, ""},
		{"one that asks for the rest", enrolled, ask(dhcpv6.MessageTypeInformationRequest), dhcpv6.MessageTypeReply, ""},
		{"a request to nobody", enrolled, ask(dhcpv6.MessageTypeRequest), 0, ""},
		{"a solicitation to somebody", enrolled, ask(dhcpv6.MessageTypeSolicit, dhcpv6.OptServerID(s.duid)), 0, ""},
		{"a card that does not boot", deaf, ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient")...), dhcpv6.MessageTypeAdvertise,
			""},
		{"a stranger", stranger, ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient")...), 0, ""},
		{"a request to another server", enrolled, ask(dhcpv6.MessageTypeRequest, dhcpv6.OptServerID(&dhcpv6.DUIDUUID{})), 0, ""},
		{"an answer", enrolled, ask(dhcpv6.MessageTypeReply), 0, ""},
	} {
		a, err := s.Handle(t.Context(), c.q, Sender{c.card, s.Address})
		if err != nil || (a == nil) != (c.kind == 0) {
			t.Errorf("%s: answer %v, %v", c.name, a, err)
			continue
		}
		if a == nil {
			continue
		}
		if a, err = dhcpv6.MessageFromBytes(a.ToBytes()); err != nil || a.MessageType != c.kind || a.Options.BootFileURL() != c.url ||
			a.TransactionID != c.q.TransactionID {
			t.Errorf("%s: %v, %v, want %v with %q", c.name, a, err, c.kind, c.url)
		}
		if got := a.Options.OneIANA().Options.OneAddress(); got == nil || got.IPv6Addr.String() != Address(s.Address, c.card).String() {
			t.Errorf("%s: gives %v", c.name, got)
		}
		if class := a.Options.VendorClasses(); strings.HasPrefix(c.name, "HTTP") != (len(class) == 1) {
			t.Errorf("%s: vendor classes %v", c.name, class)
		}
	}
}

// What ends or confirms the use of an address is answered with a status.
func TestHandleStatus(t *testing.T) {
	s := newServer(t)
	with := func(a string) *dhcpv6.OptIANA {
		ia := &dhcpv6.OptIANA{IaId: [4]byte{8}}
		ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: net.ParseIP(a)})
		return ia
	}
	for _, c := range []struct {
		kind dhcpv6.MessageType
		has  string
		want iana.StatusCode
	}{
		{dhcpv6.MessageTypeConfirm, own, iana.StatusSuccess},
		{dhcpv6.MessageTypeConfirm, "fd78::1", iana.StatusNotOnLink},
		{dhcpv6.MessageTypeRelease, own, iana.StatusSuccess},
		{dhcpv6.MessageTypeDecline, own, iana.StatusSuccess},
	} {
		q := ask(c.kind, with(c.has))
		if named[c.kind] {
			q.AddOption(dhcpv6.OptServerID(s.duid))
		}
		a, err := s.Handle(t.Context(), q, Sender{enrolled, s.Address})
		if err != nil || a == nil || a.Options.Status() == nil || a.Options.Status().StatusCode != c.want {
			t.Errorf("%s of %s: %v, %v, want %v", c.kind, c.has, a, err, c.want)
		}
	}
}

// FuzzMessage holds the server to an answer or none, whatever it is asked.
func FuzzMessage(f *testing.F) {
	f.Add(ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient:Arch:00007")...).ToBytes())
	f.Add(ask(dhcpv6.MessageTypeConfirm).ToBytes())
	f.Add([]byte{1, 0, 0, 0, 0, 3, 0, 0})
	s := newServer(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := dhcpv6.MessageFromBytes(b)
		if err != nil {
			return
		}
		a, err := s.Handle(t.Context(), m, Sender{enrolled, s.Address})
		if err != nil {
			t.Fatal(err)
		}
		if a != nil && len(a.ToBytes()) > 1280+len(b) {
			t.Errorf("an answer of %d bytes to one of %d", len(a.ToBytes()), len(b))
		}
	})
}

// frame is an Ethernet frame of IPv6 with a message for the server.
func frame(payload []byte) []byte {
	f := make([]byte, ethernetHeader+ipHeader+udpHeader, ethernetHeader+ipHeader+udpHeader+len(payload))
	copy(f[6:], enrolled)
	f[12], f[13], f[14], f[20] = 0x86, 0xdd, 0x60, protocolUDP
	copy(f[22:], netip.MustParseAddr("fe80::5054:ff:fe77:11").AsSlice())
	udp := f[ethernetHeader+ipHeader:]
	udp[1], udp[0], udp[5] = byte(clientPort&0xff), clientPort>>8, byte(udpHeader+len(payload))
	return append(f, payload...)
}

func TestUnwrap(t *testing.T) {
	d, ok := unwrap(frame([]byte("message")))
	if !ok || d.card.String() != enrolled.String() || d.from.String() != "[fe80::5054:ff:fe77:11]:546" || string(d.payload) != "message" {
		t.Errorf("unwrap = %+v, %v", d, ok)
	}
	for name, change := range map[string]func([]byte){
		"cut off":               func(f []byte) { f[ethernetHeader+ipHeader+5] = 200 },
		"shorter than a header": func(f []byte) { f[ethernetHeader+ipHeader+5] = 7 },
		"of a group":            func(f []byte) { f[6] |= 1 },
		"from a group":          func(f []byte) { f[22] = 0xff },
		"IPv4":                  func(f []byte) { f[14] = 0x45 },
	} {
		f := frame([]byte("message"))
		change(f)
		if _, ok := unwrap(f); ok {
			t.Errorf("a frame that is %s is read", name)
		}
	}
}

// FuzzUnwrap reads frames of any content.
func FuzzUnwrap(f *testing.F) {
	f.Add(frame([]byte{1, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := unwrap(b); ok && (len(d.card) != 6 || d.from.Addr().IsMulticast() || len(d.payload) > len(b)) {
			t.Errorf("unwrap(%x) = %+v", b, d)
		}
	})
}

// A machine itself sends from its link-local address, and not more than its share.
func TestRespond(t *testing.T) {
	s := newServer(t)
	own := netip.MustParseAddrPort("[fe80::5054:ff:fe77:11]:546")
	payload := ask(dhcpv6.MessageTypeInformationRequest).ToBytes()
	answers := 0
	for range 100 {
		a, err := s.respond(t.Context(), datagram{enrolled, own, netip.Addr{}, payload})
		if err != nil {
			t.Fatal(err)
		}
		if a != nil {
			answers++
		}
	}
	if answers < 30 || answers > 40 {
		t.Errorf("%d answers to 100 messages of one card, want the burst of 30", answers)
	}
	if a, err := s.respond(t.Context(), datagram{deaf, own, netip.Addr{}, payload}); a == nil || err != nil {
		t.Errorf("another card gets %v, %v beside it", a, err)
	}
	if a, err := s.respond(t.Context(), datagram{deaf, netip.MustParseAddrPort("[fd77::9]:546"), netip.Addr{}, payload}); a != nil ||
		err != nil {
		t.Errorf("a message from beyond the link: %v, %v", a, err)
	}
}
