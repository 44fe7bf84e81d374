package bootsrv

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"ironhook/bootsrv/netlink"
	"ironhook/store/storetest"
)

// forged is one DHCP message in a frame of its own, any layer of which may be forged.
type forged struct {
	card, to string // Ethernet addresses; to "" is broadcast
	from, at string // UDP addresses
	message  *dhcpv4.DHCPv4
}

func (f forged) frame(t *testing.T) []byte {
	t.Helper()
	to := net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	if f.to != "" {
		to = hardware(t, f.to)
	}
	src, dst, payload := netip.MustParseAddrPort(f.from), netip.MustParseAddrPort(f.at), f.message.ToBytes()
	b := append(append(append([]byte(nil), to...), hardware(t, f.card)...), 8, 0)
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(28+len(payload)))
	copy(ip[12:], src.Addr().AsSlice())
	copy(ip[16:], dst.Addr().AsSlice())
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum>>16+sum&0xffff))
	b = binary.BigEndian.AppendUint16(append(b, ip...), src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...) // without a checksum (RFC 768)
}

func hardware(t *testing.T, mac string) net.HardwareAddr {
	t.Helper()
	card, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// message makes a DHCP message with the hardware address mac.
func message(t *testing.T, kind dhcpv4.MessageType, mac string, with ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	p, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(hardware(t, mac)), dhcpv4.WithMessageType(kind),
		dhcpv4.WithBroadcast(true)}, with...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wants(a string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.ParseIP(a)))
}

func chooses(a string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.ParseIP(a)))
}

// send puts frames on the wire of the host, from any card.
func (h *host) send(all ...forged) {
	h.t.Helper()
	args := []string{"BOOTSRV_TEST_ROLE=inject", testBinary(h.t)}
	for _, f := range all {
		args = append(args, hex.EncodeToString(f.frame(h.t)))
	}
	h.run("env", args...)
}

// inject is the part of send that runs on the host.
func inject(frames []string) error {
	eth0, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	conn, err := packet.Listen(eth0, packet.Raw, unix.ETH_P_IP, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, f := range frames {
		b, err := hex.DecodeString(f)
		if err != nil {
			return err
		}
		if _, err := conn.WriteTo(b, &packet.Addr{HardwareAddr: b[:6]}); err != nil {
			return err
		}
	}
	return nil
}

var markers int

// digested waits until our server has handled all frames of the host, by the event of a
// last request.
func (r *rig) digested(h *host) {
	r.t.Helper()
	markers++
	mac := fmt.Sprintf("52:54:00:99:00:%02x", markers)
	asks := message(r.t, dhcpv4.MessageTypeDiscover, mac, dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000:UNDI:002001")))
	h.send(forged{mac, "", "0.0.0.0:68", "255.255.255.255:67", asks})
	until(r.t, "the last packet is handled", func() bool { return r.story(mac) != "" })
}

// us returns the Ethernet address of our interface, for unicast.
func us(t *testing.T) string {
	t.Helper()
	br0, err := net.InterfaceByName("br0")
	if err != nil {
		t.Fatal(err)
	}
	return br0.HardwareAddr.String()
}

const (
	script   = "http://10.77.0.1:8080/boot/" + enrolled
	thief    = "52:54:00:77:00:66"
	thiefsIP = "10.77.0.66"
	phantom  = "10.77.0.99"
)

// keeps checks that the victim's lease is unchanged.
func (r *rig) keeps(what, address string, victim *host) {
	r.t.Helper()
	if l := r.lease(victim.mac); l == nil || l.Address.String() != address || time.Until(l.Expires) < 30*time.Minute {
		r.t.Errorf("%s: the lease of %s is %+v, want %s for an hour", what, victim.mac, l, address)
	}
}

// keepsSecret checks that the victim gets its script, and the thief does not.
func (r *rig) keepsSecret(what string, victim, thief *host) {
	r.t.Helper()
	if got := thief.run("curl", "-sS", script); strings.Contains(got, secret) {
		r.t.Errorf("%s: the thief got\n%s", what, got)
	}
	if got := victim.run("curl", "-sS", script); !strings.Contains(got, secret) {
		r.t.Errorf("%s: the machine itself got\n%s", what, got)
	}
}

// No message that another card sends with a machine's hardware address, and none with its
// own for the machine's address, changes or ends the machine's lease.
func TestForgedMessages(t *testing.T) {
	const anywhere, here = "255.255.255.255:67", "10.77.0.1:67"
	for _, mode := range []Mode{Proxy, Full} {
		t.Run(string(mode), func(t *testing.T) {
			needs(t, iproute, nsenter, busybox, dnsmasq, curl)
			newLAN(t)
			server := "10.77.0.1"
			if mode == Proxy {
				server = beside(t)
			}
			s := storetest.Open(t)
			enrol(t, s, enrolled, "10.77.0.1:3260")
			r := serve(t, s, config(t, s, mode))
			victim, attacker := newHost(t, enrolled), newHost(t, thief)
			attacker.run("ip", "address", "add", thiefsIP+"/24", "dev", "eth0")
			own := victim.udhcpc()["ip"]
			until(t, "the victim has its lease", func() bool { return r.lease(enrolled) != nil })
			before := r.story(enrolled)
			request := func(mac, address string) *dhcpv4.DHCPv4 {
				return message(t, dhcpv4.MessageTypeRequest, mac, wants(address), chooses(server))
			}
			ci := dhcpv4.WithClientIP(net.ParseIP(thiefsIP))
			asProxy := dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00007:UNDI:003000"))
			for _, c := range []struct {
				name string
				send []forged
			}{
				{"REQUEST by broadcast", []forged{{thief, "", "0.0.0.0:68", anywhere, request(enrolled, thiefsIP)}}},
				{"REQUEST to us", []forged{{thief, us(t), thiefsIP + ":9999", here, request(enrolled, thiefsIP)}}},
				{"REQUEST to port 4011", []forged{{thief, us(t), thiefsIP +
					":68", "10.77.0.1:4011", message(t, dhcpv4.MessageTypeRequest, enrolled, ci, asProxy)}}},
				{"INFORM to port 4011", []forged{{thief, us(t), thiefsIP +
					":68", "10.77.0.1:4011", message(t, dhcpv4.MessageTypeInform, enrolled, ci, asProxy)}}},
				{"REQUEST as a relay", []forged{{thief, us(t), thiefsIP + ":67", here,
					message(t, dhcpv4.MessageTypeRequest, enrolled, wants(thiefsIP), chooses(server), dhcpv4.WithRelay(net.ParseIP(thiefsIP)))}}},
				{"DECLINE, DISCOVER and REQUEST", []forged{
					{thief, "", "0.0.0.0:68", anywhere, message(t, dhcpv4.MessageTypeDecline, enrolled, wants(own), chooses(server))},
					{thief, "", "0.0.0.0:68", anywhere, message(t, dhcpv4.MessageTypeDiscover, enrolled, wants("10.77.0.140"))},
					{thief, "", "0.0.0.0:68", anywhere, request(enrolled, "10.77.0.140")},
				}},
				{"RELEASE", []forged{{thief, us(t), own +
					":68", here, message(t, dhcpv4.MessageTypeRelease, enrolled, dhcpv4.WithClientIP(net.ParseIP(own)), chooses(server))}}},
				{"REQUEST of the thief for the address", []forged{{thief, "", "0.0.0.0:68", anywhere, request(thief, own)}}},
				{"the same to us", []forged{{thief, us(t), thiefsIP + ":68", here, request(thief, own)}}},
			} {
				attacker.send(c.send...)
				r.digested(attacker)
				r.keeps(c.name, own, victim)
			}
			r.keepsSecret("after all that", victim, attacker)
			for line := range strings.Lines(strings.TrimPrefix(r.story(enrolled), before)) {
				if !strings.HasPrefix(line, "script: ") && !strings.HasPrefix(line, "refused: script of pc-10 asked for from "+thiefsIP) {
					t.Errorf("the forger made an event of the machine's: %s", line)
				}
			}
		})
	}
}

// beside starts dnsmasq on another host, and returns its address.
func beside(t *testing.T) string {
	t.Helper()
	server := newHost(t, "52:54:00:77:00:02")
	server.run("ip", "address", "add", "10.77.0.2/24", "dev", "eth0")
	server.start("dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-daemon", "--leasefile-ro", "--no-ping",
		"--interface=eth0", "--bind-interfaces", "--dhcp-range=10.77.0.200,10.77.0.220,1h")
	return "10.77.0.2"
}

// A host that takes the leased address of a machine that is off gets no secret, and causes
// no event of the machine.
func TestAddressTheft(t *testing.T) {
	needs(t, iproute, nsenter, busybox, curl)
	newLAN(t)
	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	r := serve(t, s, config(t, s, Full))
	victim, attacker := newHost(t, enrolled), newHost(t, thief)
	own := victim.udhcpc()["ip"]
	if got := victim.run("curl", "-sS", script); !strings.Contains(got, secret) {
		t.Fatalf("the machine itself got\n%s", got)
	}
	victim.run("ip", "link", "set", "eth0", "down")
	attacker.run("ip", "address", "add", own+"/24", "dev", "eth0")
	until(t, "the thief reaches us", func() bool {
		_, err := attacker.try("curl", "-sS", "-m", "2", "-o", "/dev/null", "http://10.77.0.1:8080/boot.ipxe")
		return err == nil
	})
	before := r.story(enrolled)
	for _, url := range []string{"http://10.77.0.1:8080/ipxe/snponly.efi", "tftp://10.77.0.1/snponly.efi", script + "/failed/boot/00000001"} {
		attacker.run("curl", "-sS", "-o", "/dev/null", url)
	}
	if after := r.story(enrolled); after != before {
		t.Errorf("the thief wrote into the machine's story:\n%s", strings.TrimPrefix(after, before))
	}
	if got := attacker.run("curl", "-sS", script); strings.Contains(got, secret) || !strings.Contains(got, "by a card of another address") {
		t.Errorf("at the machine's address the thief got\n%s", got)
	}
	attacker.run("ip", "address", "flush", "dev", "eth0")
	victim.run("ip", "link", "set", "eth0", "up")
	victim.udhcpc()
	if got := victim.run("curl", "-sS", script); !strings.Contains(got, secret) {
		t.Errorf("back again, the machine got\n%s", got)
	}
}

// Beside another server an observed lease moves to the next machine to which that server
// leases the address.
func TestAddressPassedOn(t *testing.T) {
	needs(t, iproute, nsenter, busybox, curl)
	newLAN(t)
	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	r := serve(t, s, config(t, s, Proxy))
	last, next := newHost(t, "52:54:00:77:00:21"), newHost(t, enrolled)
	takes := func(h *host) {
		h.send(forged{h.mac, "", "0.0.0.0:68", "255.255.255.255:67",
			message(t, dhcpv4.MessageTypeRequest, h.mac, wants("10.77.0.200"), chooses("10.77.0.2"))})
		r.digested(h)
	}
	takes(last)
	until(t, "the first lease is seen", func() bool { return r.lease(last.mac) != nil })
	takes(next)
	if l := r.lease(next.mac); l != nil {
		t.Errorf("lease %+v of an address that nobody has seen it at", l)
	}
	next.run("ip", "address", "add", "10.77.0.200/24", "dev", "eth0")
	until(t, "the address is the next one's", func() bool { l := r.lease(next.mac); return l != nil && r.lease(last.mac) == nil })
	if got := next.run("curl", "-sS", script); !strings.Contains(got, secret) {
		t.Errorf("the next machine got\n%s", got)
	}
}

// A forged sign of another server does not stop us; a real server does.
func TestForgedServer(t *testing.T) {
	needs(t, iproute, nsenter, busybox, dnsmasq)
	newLAN(t)
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Auto))
	attacker, client := newHost(t, thief), newHost(t, "52:54:00:77:00:20")
	unknown := "02:00:00:00:00:01"
	says := func(kind dhcpv4.MessageType) *dhcpv4.DHCPv4 {
		p := message(t, kind, unknown, chooses(phantom), dhcpv4.WithYourIP(net.ParseIP("10.77.0.98")))
		p.OpCode = dhcpv4.OpcodeBootReply
		return p
	}
	names := message(t, dhcpv4.MessageTypeRequest, unknown, wants("10.77.0.98"), chooses(phantom))
	for name, f := range map[string]forged{
		"a REQUEST to us":        {thief, us(t), thiefsIP + ":12345", "10.77.0.1:67", names},
		"a REQUEST by broadcast": {unknown, "", "0.0.0.0:68", "255.255.255.255:67", names},
		"an OFFER":               {thief, "", phantom + ":67", "255.255.255.255:68", says(dhcpv4.MessageTypeOffer)},
		"an ACK":                 {thief, "", phantom + ":67", "255.255.255.255:68", says(dhcpv4.MessageTypeAck)},
		"an OFFER to port 67":    {thief, us(t), phantom + ":67", "10.77.0.1:67", says(dhcpv4.MessageTypeOffer)},
	} {
		attacker.send(f)
		r.digested(attacker)
		if got := r.servers.String(); !strings.Contains(got, "dhcp full on br0") {
			t.Fatalf("after %s: %s", name, got)
		}
	}
	if got := client.udhcpc(); got["serverid"] != "10.77.0.1" {
		t.Errorf("a client got %v", got)
	}
	beside(t)
	until(t, "a real server is found", func() bool {
		attacker.send(forged{unknown, "", "0.0.0.0:68", "255.255.255.255:67", names})
		return strings.Contains(r.servers.String(), "dhcp proxy on br0")
	})
	if got := r.story(""); !strings.Contains(got, "network: another DHCP server, 10.77.0.2, leases addresses on br0") {
		t.Errorf("told:\n%s", got)
	}
}

// Machines boot from an interface again when it comes back, whatever had happened to it.
func TestInterfaceComesBack(t *testing.T) {
	needs(t, iproute, nsenter, busybox, curl)
	newLAN(t)
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	port := "v" + strings.ReplaceAll(h.mac[9:], ":", "")
	server, number := "10.77.0.1", "24"
	make := func() {
		command(t, "ip", "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
		command(t, "ip", "link", "set", port, "master", "br0")
		command(t, "ip", "address", "add", server+"/"+number, "dev", "br0")
		command(t, "ip", "link", "set", "br0", "up")
	}
	lost := func() {
		until(t, "the loss is noticed", func() bool { return strings.Contains(r.story(""), "until it is back") })
	}
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"at first", func() {}},
		{"deleted and created again at once", func() { command(t, "ip", "link", "del", "br0"); make() }},
		{"deleted, and created again later", func() { command(t, "ip", "link", "del", "br0"); lost(); make() }},
		{"renamed, another made", func() {
			command(t, "ip", "link", "set", "br0", "down")
			command(t, "ip", "link", "set", "br0", "name", "old0")
			command(t, "ip", "address", "flush", "dev", "old0")
			make()
			command(t, "ip", "link", "del", "old0")
		}},
		{"down and up", func() {
			command(t, "ip", "link", "set", "br0", "down")
			lost()
			command(t, "ip", "link", "set", "br0", "up")
		}},
		{"without its address for a while", func() {
			command(t, "ip", "-4", "address", "flush", "dev", "br0")
			lost()
			command(t, "ip", "address", "add", server+"/"+number, "dev", "br0")
		}},
		{"with another address", func() {
			command(t, "ip", "-4", "address", "flush", "dev", "br0")
			server = "10.77.0.3"
			command(t, "ip", "address", "add", server+"/"+number, "dev", "br0")
		}},
	} {
		c.do()
		until(t, c.name+": DHCP answers", func() bool {
			out, err := h.try("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "2", "-T", "1", "-s", udhcpcScript(t))
			return err == nil && strings.Contains(out, "serverid="+server)
		})
		for _, url := range []string{"tftp://" + server + "/snponly.efi", "http://" + server + ":8080/ipxe/snponly.efi"} {
			if got, err := h.try("curl", "-sS", "-m", "5", url); err != nil || !strings.HasPrefix(got, "MZ") {
				t.Errorf("%s: %s: %v, %d bytes", c.name, url, err, len(got))
			}
		}
		until(t, c.name+": a router solicitation is answered", func() bool {
			_, _ = h.try("ip", "address", "add", "fe80::20/64", "dev", "eth0", "nodad") // flushed by udhcpc's script
			_, err := h.try("env", "BOOTSRV_TEST_ROLE=solicit", testBinary(t))
			return err == nil
		})
	}
	if got := r.story(""); !strings.Contains(got, "network: boot interface br0 is gone") ||
		!strings.Contains(got, "is back with 10.77.0.3/24") {
		t.Errorf("told:\n%s", got)
	}
}

// The kernel reports the card of an address, over IPv4 and IPv6, resolves unknown ones, and
// finds none for an unused address.
func TestFindPeer(t *testing.T) {
	needs(t, iproute, nsenter)
	newLAN(t)
	h := newHost(t, "52:54:00:77:00:20")
	command(t, "ip", "address", "add", "fd00:77::1/64", "dev", "br0", "nodad")
	h.run("ip", "address", "add", "10.77.0.20/24", "dev", "eth0")
	h.run("ip", "address", "add", "fd00:77::20/64", "dev", "eth0", "nodad")
	command(t, "ip", "route", "add", "192.0.2.0/24", "via", "10.77.0.20")
	for _, c := range []struct {
		address string
		want    netlink.Peer
	}{
		{"10.77.0.20", netlink.Peer{Interface: "br0", Card: hardware(t, h.mac)}},
		{"fd00:77::20", netlink.Peer{Interface: "br0", Card: hardware(t, h.mac)}},
		{"10.77.0.21", netlink.Peer{Interface: "br0"}},
		{"192.0.2.9", netlink.Peer{Interface: "br0", Router: hardware(t, h.mac)}},
		{"10.77.0.1", netlink.Peer{Local: true}},
		{"127.0.0.1", netlink.Peer{Local: true}},
		{"::1", netlink.Peer{Local: true}},
	} {
		until(t, c.address+" is found", func() bool { // IPv6 takes a moment to come up
			got, err := netlink.Find(t.Context(), netip.MustParseAddr(c.address))
			return err == nil && fmt.Sprint(got) == fmt.Sprint(c.want)
		})
	}
	for _, a := range []string{"255.255.255.255", "198.51.100.1"} {
		if got, err := netlink.Find(t.Context(), netip.MustParseAddr(a)); err == nil {
			t.Errorf("Find(%s) = %+v, want an error", a, got)
		}
	}
	if got, err := netlink.Find(t.Context(), netip.Addr{}); err == nil {
		t.Errorf("Find of no address = %+v", got)
	}
}
