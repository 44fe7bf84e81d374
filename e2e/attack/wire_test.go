package attack_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
)

// The attacker is a host on the boot network beside an enrolled machine.
const (
	victimMAC = "52:54:00:aa:00:01"
	thiefMAC  = "52:54:00:ee:00:01"
	thiefIP   = "10.77.0.66"
	secret    = "sesame-of-the-victim"
	serverMAC = "52:54:00:77:00:01" // of the lab's bridge
)

// host is a host of the boot network.
type host struct {
	*testing.T
	*lab.Segment
	mac net.HardwareAddr
	raw *packet.Conn // for frames of its own making
}

// wire is the boot network with the appliance, the machine and the attacker.
type wire struct {
	*testing.T
	lab           *lab.Lab
	app           *lab.Appliance
	victim, thief host
}

// plug puts the appliance, an enrolled machine with a volume, and the attacker on a network.
func plug(t *testing.T, dhcp ...string) *wire {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the whole program in network namespaces")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.New("attack-" + strings.Map(letters, t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // the namespaces end with the tests
	w := &wire{T: t, lab: l}
	w.victim, w.thief = w.host("victim", victimMAC), w.host("thief", thiefMAC)
	if slices.Contains(dhcp, "proxy") {
		server := w.host("server", "52:54:00:dd:00:01")
		server.run("address add 10.77.0.2/24 dev " + lab.Uplink)
		_, err := server.Start(l, "dnsmasq", "dnsmasq", "--keep-in-foreground", "--port=0", "--conf-file=/dev/null", "--log-facility=-",
			"--no-ping",
			"--dhcp-range=10.77.0.100,10.77.0.120,1h", "--dhcp-leasefile="+filepath.Join(l.Dir, "leases"), "--interface="+lab.Uplink,
			"--bind-interfaces")
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.app, err = l.Serve(t.Context(), program, dhcp...); err != nil {
		t.Fatal(err)
	}
	w.enrol("victim", victimMAC)
	w.thief.run("address add " + thiefIP + "/24 dev " + lab.Uplink)
	return w
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// host adds a host with a card.
func (w *wire) host(port, mac string) host {
	w.Helper()
	s, err := w.lab.Segment(port)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = s.Close() })
	card, err := net.ParseMAC(mac)
	if err != nil {
		w.Fatal(err)
	}
	h := host{T: w.T, Segment: s, mac: card}
	h.run("link set " + lab.Uplink + " address " + mac)
	err = h.Do(func() error {
		device, err := net.InterfaceByName(lab.Uplink)
		if err == nil {
			h.raw, err = packet.Listen(device, packet.Raw, unix.ETH_P_IP, nil)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = h.raw.Close() })
	return h
}

func (h host) run(script string) {
	h.Helper()
	if err := h.Segment.Run(script+"\n", "ip", "-batch", "-"); err != nil {
		h.Fatal(err)
	}
}

// enrol makes a node that boots from a volume with a secret.
func (w *wire) enrol(name, mac string) {
	w.Helper()
	api := w.app.Client()
	var node lab.Node
	type object = map[string]any
	for _, c := range []struct {
		path string
		in   func() object
		out  any
	}{
		{"/v1/nodes", func() object {
			return object{"name": name, "driver": "fake-hardware", "storage_interface": "external", "boot_interface": "ipxe",
				"properties": object{"capabilities": "iscsi_boot:True"}}
		}, &node},
		{"/v1/ports", func() object { return object{"node_uuid": node.UUID, "address": mac} }, nil},
		{"/v1/volume/targets", func() object {
			return object{"node_uuid": node.UUID, "volume_type": "iscsi", "boot_index": 0, "volume_id": "v", "properties": object{
				"target_portal": "10.77.0.9:3260", "target_iqn": "iqn.2026-11.test:v", "target_lun": 0, "auth_method": "CHAP", "auth_username": "u",
				"auth_password": secret}}
		}, nil},
		{"/v1/volume/connectors", func() object {
			return object{"node_uuid": node.UUID, "type": "iqn", "connector_id": "iqn.2026-11.test:" + name}
		}, nil},
	} {
		if err := api.Do(w.Context(), "POST", c.path, c.in(), c.out); err != nil {
			w.Fatal(err)
		}
	}
	if err := api.Deploy(w.Context(), node.UUID); err != nil {
		w.Fatal(err)
	}
	if err := api.Power(w.Context(), node.UUID, "power on"); err != nil {
		w.Fatal(err)
	}
}

// pxe is what firmware says of itself.
var pxe = []dhcpv4.Modifier{
	dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00007:UNDI:003016")),
	dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{0, 7})),
}

// ask gets an address, as a client does, and the server that gave it.
func (h host) ask(ctx context.Context) (address, server string, err error) {
	var client *nclient4.Client
	err = h.Do(func() (err error) {
		client, err = nclient4.New(lab.Uplink, nclient4.WithHWAddr(h.mac), nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(5))
		return err
	})
	if err != nil {
		return "", "", err
	}
	defer client.Close() //nolint:errcheck // nothing is lost
	discover, err := dhcpv4.NewDiscovery(h.mac, pxe...)
	if err != nil {
		return "", "", err
	}
	offer, err := client.SendAndRead(ctx, client.RemoteAddr(), discover, offersAddress)
	if err != nil {
		return "", "", err
	}
	lease, err := client.RequestFromOffer(ctx, offer, pxe...)
	if err != nil {
		return "", "", err
	}
	return lease.ACK.YourIPAddr.String(), lease.ACK.ServerIdentifier().String(), nil
}

// offersAddress is true of an offer that the client may request: a proxy's has a boot file only.
func offersAddress(p *dhcpv4.DHCPv4) bool {
	return p.MessageType() == dhcpv4.MessageTypeOffer && !p.YourIPAddr.IsUnspecified()
}

// boot gives the victim its address.
func (w *wire) boot() string {
	w.Helper()
	address, _, err := w.victim.ask(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	w.victim.run("address add " + address + "/24 dev " + lab.Uplink)
	return address
}

// script fetches the victim's boot script, as the host at this address.
func (h host) script(from string) string {
	h.Helper()
	client := http.Client{Timeout: 20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, to string) (c net.Conn, err error) {
			err = h.Do(func() error {
				d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
				c, err = d.DialContext(ctx, network, to)
				return err
			})
			return c, err
		}}}
	res, err := client.Get("http://" + lab.Address + ":8080/boot/" + victimMAC)
	if err != nil {
		h.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	return string(text)
}

// forged is a DHCP message in a frame, any layer of which may be forged.
type forged struct {
	card, to string // Ethernet addresses; card "" is the sender's own
	from, at string // UDP addresses
	message  *dhcpv4.DHCPv4
}

const (
	everybody = "ff:ff:ff:ff:ff:ff"
	nobody    = "0.0.0.0:68"
	anywhere  = "255.255.255.255:67"
	here      = lab.Address + ":67"
)

// inject puts a frame on the wire, from this card.
func (h host) inject(f forged) {
	h.Helper()
	card := h.mac
	to, err := net.ParseMAC(f.to)
	if err == nil && f.card != "" {
		card, err = net.ParseMAC(f.card)
	}
	if err != nil {
		h.Fatal(err)
	}
	src, dst, payload := netip.MustParseAddrPort(f.from), netip.MustParseAddrPort(f.at), f.message.ToBytes()
	b := append(append(append([]byte(nil), to...), card...), 8, 0)
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 64, unix.IPPROTO_UDP
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
	b = append(append(b, 0, 0), payload...) // without a checksum (RFC 768)
	if _, err := h.raw.WriteTo(b, &packet.Addr{HardwareAddr: to}); err != nil {
		h.Fatal(err)
	}
}

// message makes a DHCP message with a hardware address.
func message(t *testing.T, kind dhcpv4.MessageType, mac string, with ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	card, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	p, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(card), dhcpv4.WithMessageType(kind), dhcpv4.WithBroadcast(true)},
		with...)...)
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

// digested waits until the appliance has handled all earlier frames, by the event of one
// more request.
func (w *wire) digested(number int) {
	w.Helper()
	mac := fmt.Sprintf("52:54:00:cc:00:%02x", number)
	w.thief.inject(forged{mac, everybody, nobody, anywhere, message(w.T, dhcpv4.MessageTypeDiscover, mac, pxe...)})
	w.await("the appliance has handled what was sent", func() bool {
		return slices.ContainsFunc(w.events(), func(e lab.Event) bool { return e.MAC == mac })
	})
}

// events returns all of them.
func (w *wire) events() (all []lab.Event) {
	w.Helper()
	if err := w.app.Client().Do(w.Context(), "GET", "/ironhook/v1/events?limit=1000", nil, &all); err != nil {
		w.Fatal(err)
	}
	return all
}

// lease returns the address that the appliance has for the victim.
func (w *wire) lease() string {
	w.Helper()
	var all []struct{ MAC, Address string }
	if err := w.app.Client().Do(w.Context(), "GET", "/ironhook/v1/leases", nil, &all); err != nil {
		w.Fatal(err)
	}
	for _, l := range all {
		if l.MAC == victimMAC {
			return l.Address
		}
	}
	return ""
}

func (w *wire) await(what string, done func() bool) {
	w.Helper()
	tick, patience := time.NewTicker(50*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-patience:
			w.Fatalf("in vain: %s", what)
		}
	}
}

// TestForgedIdentity sends DHCP messages in the name of the machine, and as another machine
// for its address, in both modes. The machine keeps its lease, and its secret is sent to no
// other.
func TestForgedIdentity(t *testing.T) {
	for _, mode := range []string{"proxy", "full"} {
		t.Run(mode, func(t *testing.T) {
			args, server := []string{"--dhcp", "proxy"}, "10.77.0.2"
			if mode == "full" {
				args, server = []string{"--dhcp", "full", "--dhcp-range", "10.77.0.100-10.77.0.140"}, lab.Address
			}
			w := plug(t, args...)
			own := w.boot()
			w.await("the appliance knows the lease", func() bool { return w.lease() == own })
			request := func(mac, address string, with ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
				return message(t, dhcpv4.MessageTypeRequest, mac, append(with, wants(address), chooses(server))...)
			}
			at := dhcpv4.WithClientIP(net.ParseIP(thiefIP))
			for i, c := range []struct {
				name string
				send []forged
			}{
				{"REQUEST for the thief's address, by broadcast", []forged{{"", everybody, nobody, anywhere, request(victimMAC, thiefIP)}}},
				{"the same, to the appliance", []forged{{"", serverMAC, thiefIP + ":9999", here, request(victimMAC, thiefIP)}}},
				{"renewal", []forged{{"", serverMAC, thiefIP + ":68", here, message(t, dhcpv4.MessageTypeRequest, victimMAC, at)}}},
				{"REQUEST and INFORM to port 4011", []forged{
					{"", serverMAC, thiefIP + ":68", lab.Address + ":4011", message(t, dhcpv4.MessageTypeRequest, victimMAC, append(pxe, at)...)},
					{"", serverMAC, thiefIP + ":68", lab.Address + ":4011", message(t, dhcpv4.MessageTypeInform, victimMAC, append(pxe, at)...)},
				}},
				{"as a relay", []forged{{"", serverMAC, thiefIP + ":67", here, request(victimMAC, thiefIP, dhcpv4.WithRelay(net.ParseIP(thiefIP)))}}},
				{"DECLINE, DISCOVER, REQUEST", []forged{
					{"", everybody, nobody, anywhere, message(t, dhcpv4.MessageTypeDecline, victimMAC, wants(own), chooses(server))},
					{"", everybody, nobody, anywhere, message(t, dhcpv4.MessageTypeDiscover, victimMAC, wants("10.77.0.130"))},
					{"", everybody, nobody, anywhere, request(victimMAC, "10.77.0.130")},
				}},
				{"RELEASE", []forged{{"", serverMAC, own +
					":68", here, message(t, dhcpv4.MessageTypeRelease, victimMAC, dhcpv4.WithClientIP(net.ParseIP(own)), chooses(server))}}},
				{"REQUEST of the thief for the victim's address", []forged{
					{"", everybody, nobody, anywhere, request(thiefMAC, own)}, {"", serverMAC, thiefIP + ":68", here, request(thiefMAC, own)},
				}},
			} {
				for _, f := range c.send {
					w.thief.inject(f)
				}
				w.digested(i)
				if got := w.lease(); got != own {
					t.Fatalf("%s: the lease of the victim is %q, it was %s", c.name, got, own)
				}
			}
			if strings.Contains(w.thief.script(thiefIP), secret) {
				t.Error("the thief has the secret")
			}
			if got := w.victim.script(own); !strings.Contains(got, secret) {
				t.Errorf("after all that the victim gets\n%s", got)
			}
			// Last, the address itself, while the machine is off.
			w.victim.run("link set " + lab.Uplink + " down")
			w.thief.run("address add " + own + "/24 dev " + lab.Uplink)
			// The kernel of the appliance forgets in half a minute where the address was.
			if err := w.lab.IP("neighbour flush to " + own + " dev " + lab.Bridge + "\n"); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(w.thief.script(own), secret) {
				t.Error("at the victim's address the thief has the secret")
			}
		})
	}
}

// TestForgedServer names DHCP servers that do not exist, in every way that a server or its
// client would. The appliance goes on leasing addresses.
func TestForgedServer(t *testing.T) {
	w := plug(t, "--dhcp", "auto", "--dhcp-range", "10.77.0.100-10.77.0.140")
	const phantom, unknown = "10.77.0.99", "02:00:00:00:00:01"
	reply := func(kind dhcpv4.MessageType) *dhcpv4.DHCPv4 {
		p := message(t, kind, unknown, chooses(phantom), dhcpv4.WithYourIP(net.ParseIP("10.77.0.98")))
		p.OpCode = dhcpv4.OpcodeBootReply
		return p
	}
	named := message(t, dhcpv4.MessageTypeRequest, unknown, wants("10.77.0.98"), chooses(phantom))
	for i, f := range []forged{
		{"", serverMAC, thiefIP + ":12345", here, named},
		{unknown, everybody, nobody, anywhere, named},
		{"", everybody, phantom + ":67", "255.255.255.255:68", reply(dhcpv4.MessageTypeOffer)},
		{"", everybody, phantom + ":67", "255.255.255.255:68", reply(dhcpv4.MessageTypeAck)},
		{"", serverMAC, phantom + ":67", here, reply(dhcpv4.MessageTypeOffer)},
	} {
		w.thief.inject(f)
		w.digested(i)
	}
	if address, server, err := w.victim.ask(t.Context()); err != nil || server != lab.Address {
		t.Errorf("after that a machine gets %q from %q, %v", address, server, err)
	}
}

// TestForgedCrowd takes what there is for strangers, with cards that do not exist: addresses,
// transfers, events. The enrolled machine boots, and its history stays.
func TestForgedCrowd(t *testing.T) {
	w := plug(t, "--dhcp", "full", "--dhcp-range", "10.77.0.100-10.77.0.120")
	before := len(w.events())
	for i := range 600 {
		mac := fmt.Sprintf("02:00:00:00:%02x:%02x", i>>8, i&255)
		w.thief.inject(forged{mac, everybody, nobody, anywhere, message(t, dhcpv4.MessageTypeDiscover, mac, pxe...)})
		w.thief.inject(forged{mac, everybody, nobody, anywhere,
			message(t, dhcpv4.MessageTypeRequest, mac, append(pxe, wants(fmt.Sprintf("10.77.0.%d", 100+i%21)), chooses(lab.Address))...)})
	}
	for i := range 32 {
		w.thief.run(fmt.Sprintf("address add 10.77.0.%d/24 dev %s", 200+i, lab.Uplink))
	}
	requests := w.silentTransfers()
	if requests < 256 {
		t.Fatalf("%d requests were sent", requests)
	}
	own := w.boot()
	if got := w.victim.script(own); !strings.Contains(got, secret) {
		t.Errorf("the victim gets\n%s", got)
	}
	size, took := w.load(w.victim, own)
	if size < 50_000 || took > 10*time.Second {
		t.Errorf("the victim's loader: %d bytes in %v", size, took)
	}
	if made := len(w.events()) - before; made > 200 {
		t.Errorf("the crowd caused %d events", made)
	}
}

// silentTransfers asks for files over TFTP from 32 addresses and answers nothing, and returns
// the number of requests. None draws more than one packet.
func (w *wire) silentTransfers() (n int) {
	w.Helper()
	drawn := 0
	for i := range 32 {
		for range 8 {
			c := w.thief.udp(fmt.Sprintf("10.77.0.%d", 200+i))
			if _, err := c.Write([]byte("\x00\x01snponly.efi\x00octet\x00blksize\x001468\x00")); err != nil {
				w.Fatal(err)
			}
			n++
			w.Cleanup(func() { c.Close() })
			defer func() {
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) // an error shows in the read
				for b := make([]byte, 2048); ; drawn++ {
					if _, err := c.Read(b); err != nil {
						break
					}
				}
				if drawn > n {
					w.Errorf("%d requests have drawn %d packets", n, drawn)
				}
			}()
		}
	}
	return n
}

// udp opens a socket to the TFTP server.
func (h host) udp(from string) (c net.Conn) {
	h.Helper()
	err := h.Do(func() (err error) {
		d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
		c, err = d.DialContext(h.Context(), "udp", lab.Address+":69")
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// load fetches the loader over TFTP with curl.
func (w *wire) load(h host, from string) (size int, took time.Duration) {
	w.Helper()
	file := filepath.Join(w.lab.Dir, "loader")
	begun := time.Now()
	if err := h.Segment.Run("", "curl", "-sS", "-m", "20", "--interface", from, "-o", file, "tftp://"+lab.Address+"/snponly.efi"); err != nil {
		w.Error(err)
	}
	took = time.Since(begun)
	b, err := os.ReadFile(file)
	if err != nil {
		w.Error(err)
	}
	return len(b), took
}
