package bootsrv

import (
	"net/netip"
	"strings"
	"testing"

	"ironhook/bootsrv/netlink"
	"ironhook/store"
	"ironhook/store/storetest"
)

// farNetwork is 10.99.0.0/24 behind the router 10.77.0.254, whose relay is dnsmasq, with
// one enrolled machine in it.
func farNetwork(t *testing.T, s *store.Store, servers ...string) *host {
	t.Helper()
	router, pc := newHost(t, "52:54:00:77:00:fe"), newHost(t, enrolled)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	router.run("ip", "address", "add", "10.77.0.254/24", "dev", "eth0")
	router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	pc.run("ip", "link", "del", "eth0")
	router.run("ip", "link", "add", "far0", "type", "veth", "peer", "name", "eth0", "address", enrolled, "netns", pc.pid)
	router.run("ip", "address", "add", "10.99.0.1/24", "dev", "far0")
	router.run("ip", "link", "set", "far0", "up")
	pc.run("ip", "link", "set", "eth0", "up")
	command(t, "ip", "route", "add", "10.99.0.0/24", "via", "10.77.0.254")
	args := []string{"--conf-file=/dev/null", "--port=0", "--no-daemon"}
	for _, server := range servers {
		args = append(args, "--dhcp-relay=10.99.0.1,"+server)
	}
	router.start("dnsmasq", args...)
	return pc
}

// script is the boot script that the machine gets, once it knows the way.
func (h *host) script() string {
	h.t.Helper()
	h.run("ip", "route", "replace", "default", "via", "10.99.0.1")
	return h.run("curl", "-sS", "-m", "10", "http://10.77.0.1:8080/boot/"+h.mac)
}

// A machine behind a relay gets its address of us, boots with its secret, and keeps its
// address. Behind a relay that we do not know it gets nothing, and that is said.
func TestRelay(t *testing.T) {
	needs(t, iproute, nsenter, busybox, dnsmasq, curl)
	newLAN(t)
	s := storetest.Open(t)
	pc := farNetwork(t, s, "10.77.0.1")
	unknown := serve(t, s, config(t, s, Full))
	if out, err := pc.try("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "2", "-T", "1", "-s", udhcpcScript(t)); err == nil {
		t.Errorf("behind an unknown relay: %s", out)
	}
	if got := unknown.story(""); !strings.Contains(got, "relay 10.99.0.1, which is none of those in the configuration") {
		t.Errorf("told:\n%s", got)
	}
	unknown.stop()

	c := config(t, s, Full)
	c.Relays = []string{"10.99.0.1/24=10.99.0.100-10.99.0.150"}
	r := serve(t, s, c)
	first := pc.udhcpc()
	if !within(t, first["ip"], "10.99.0.100", "10.99.0.150") || first["router"] != "10.99.0.1" ||
		r.lease(enrolled).Address.String() != first["ip"] {
		t.Fatalf("got %v, lease %+v", first, r.lease(enrolled))
	}
	if got := pc.script(); !strings.Contains(got, "set password "+secret) {
		t.Errorf("the machine got\n%s", got)
	}
	if again := pc.udhcpc()["ip"]; again != first["ip"] {
		t.Errorf("got %s, then %s", first["ip"], again)
	}
	local := newHost(t, "52:54:00:77:00:20")
	if got := local.udhcpc()["ip"]; !within(t, got, "10.77.0.100", "10.77.0.150") {
		t.Errorf("a machine of our own network got %s", got)
	}
}

// Beside the server that leases addresses behind the relay, we learn them.
func TestRelayBesideAnotherServer(t *testing.T) {
	needs(t, iproute, nsenter, busybox, dnsmasq, curl)
	newLAN(t)
	server := newHost(t, "52:54:00:77:00:02")
	server.run("ip", "address", "add", "10.77.0.2/24", "dev", "eth0")
	server.run("ip", "route", "add", "10.99.0.0/24", "via", "10.77.0.254")
	server.start("dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-daemon", "--leasefile-ro",
		"--interface=eth0", "--bind-interfaces", "--dhcp-range=10.99.0.200,10.99.0.220,255.255.255.0,1h")
	s := storetest.Open(t)
	pc := farNetwork(t, s, "10.77.0.1", "10.77.0.2")
	c := config(t, s, Proxy)
	c.Relays = []string{"10.99.0.1/24"}
	r := serve(t, s, c)
	got := pc.udhcpc()["ip"]
	if !within(t, got, "10.99.0.200", "10.99.0.220") {
		t.Fatalf("got %s", got)
	}
	r.observes(enrolled, got)
	if script := pc.script(); !strings.Contains(script, "set password "+secret) {
		t.Errorf("the machine got\n%s", script)
	}
	if story := r.story(enrolled); !strings.Contains(story, "script: boots from volume debian") {
		t.Errorf("story:\n%s", story)
	}
}

// The address that fits is ours for the machines: that of the range, else one that is not
// link-local.
func TestFittingAddress(t *testing.T) {
	needs(t, iproute, nsenter, busybox)
	newLAN(t)
	command(t, "ip", "address", "flush", "dev", "br0", "scope", "global")
	for _, a := range []string{"169.254.7.7/16", "10.66.0.1/24", "10.77.0.1/24"} {
		command(t, "ip", "address", "add", a, "dev", "br0")
	}
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	if got := h.udhcpc(); !within(t, got["ip"], "10.77.0.100", "10.77.0.150") || got["serverid"] != "10.77.0.1" {
		t.Errorf("with a range of the last: got %v", got)
	}
	r.stop()
	c := config(t, s, Auto)
	c.Range = ""
	r = serve(t, s, c)
	if got := r.servers.String(); !strings.Contains(got, "dhcp proxy on br0 (10.66.0.1/24)") {
		t.Errorf("without a range: %s", got)
	}
	command(t, "ip", "address", "del", "10.66.0.1/24", "dev", "br0")
	until(t, "the next address serves", func() bool { return strings.Contains(r.servers.String(), "(10.77.0.1/24)") })
	command(t, "ip", "address", "del", "10.77.0.1/24", "dev", "br0")
	until(t, "the link-local address serves", func() bool { return strings.Contains(r.servers.String(), "(169.254.7.7/16)") })
	command(t, "ip", "address", "add", "10.77.0.9/24", "dev", "br0")
	until(t, "a better address serves", func() bool { return strings.Contains(r.servers.String(), "(10.77.0.9/24)") })
}

// A script with a secret goes behind a relay's router only to an address that is leased
// there; a neighbour with an address of that network is no machine behind it.
func TestPeerBehindARelay(t *testing.T) {
	needs(t, iproute, nsenter)
	newLAN(t)
	h := newHost(t, "52:54:00:77:00:fe")
	h.run("ip", "address", "add", "10.77.0.254/24", "dev", "eth0")
	command(t, "ip", "route", "add", "10.99.0.0/24", "via", "10.77.0.254")
	all := relays{{Address: netip.MustParsePrefix("10.99.0.1/24")}, {Address: netip.MustParsePrefix("10.77.0.254/24")}}
	until(t, "the router is a neighbour", func() bool { // its link may have come up just now
		p, err := all.find(t.Context(), netip.MustParseAddr("10.77.0.254"))
		return err == nil && p.Card != nil
	})
	for address, want := range map[string]bool{"10.99.0.7": true, "10.77.0.254": false, "10.77.0.9": false, "10.98.0.1": false} {
		p, err := all.find(t.Context(), netip.MustParseAddr(address))
		if address == "10.98.0.1" && err != nil {
			continue // no route
		}
		if err != nil || p.relayed != want {
			t.Errorf("%s: %+v, %v, want relayed %v", address, p, err, want)
		}
	}
	if got := all.card(t.Context(), netip.MustParseAddr("10.99.0.1")); got.String() != h.mac {
		t.Errorf("frames for the relay go to %s, want %s", got, h.mac)
	}
	if got := (netlink.Peer{}).Hop(); got != nil {
		t.Errorf("no peer has the card %s", got)
	}
}
