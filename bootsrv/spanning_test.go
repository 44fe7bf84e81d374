package bootsrv

import (
	"os/exec"
	"strings"
	"testing"

	"ironhook/store/storetest"
)

// Behind a switch port that forwards nothing at first (spanning tree) mode auto hears no
// other server and becomes full. It finds the other one later, at the latest when a
// machine names it, and steps back.
func TestAutoBehindASpanningTree(t *testing.T) {
	needs(t, iproute, nsenter, busybox, dnsmasq)
	newLAN(t)
	command(t, "ip", "address", "flush", "dev", "br0")
	command(t, "ip", "link", "add", "e0", "type", "veth", "peer", "name", "p0")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", "e0").Run() })
	server, pc := newHost(t, "52:54:00:77:00:02"), newHost(t, enrolled)
	server.run("ip", "address", "add", "10.77.0.2/24", "dev", "eth0")
	server.start("dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-daemon", "--leasefile-ro",
		"--interface=eth0", "--bind-interfaces", "--dhcp-range=10.77.0.200,10.77.0.220,1h")
	command(t, "ip", "link", "set", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "600")
	command(t, "ip", "link", "set", "p0", "master", "br0", "up")
	command(t, "ip", "address", "add", "10.77.0.1/24", "dev", "e0")
	command(t, "ip", "link", "set", "e0", "up")

	s := storetest.Open(t)
	c := config(t, s, Auto)
	c.Interfaces = []string{"e0"}
	r := serve(t, s, c)
	if got := r.servers.String(); !strings.Contains(got, "dhcp full on e0") {
		t.Fatalf("while the port forwards nothing: %s", got)
	}
	forwarding := func() bool {
		return strings.Contains(command(t, "ip", "-d", "link", "show", "p0"), "state forwarding")
	}
	until(t, "the port forwards", forwarding)
	until(t, "the other server is found", func() bool {
		_, _ = pc.try("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "1", "-T", "1", "-s", udhcpcScript(t))
		return strings.Contains(r.servers.String(), "dhcp proxy on e0")
	})
	if got := pc.udhcpc()["ip"]; !within(t, got, "10.77.0.200", "10.77.0.220") {
		t.Errorf("a machine got %s, want an address of the other server's", got)
	}
}
