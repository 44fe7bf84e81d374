package bootsrv

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"ironhook/store/storetest"
)

// BusyBox's client gets, keeps, renews and releases its address; so it does when
// it wants broadcasts, after our interface was down, and after we restarted.
func TestLeasesToARealClient(t *testing.T) {
	needs(t, iproute, nsenter, busybox)
	newLAN(t)
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	first := h.udhcpc()["ip"]
	if !within(t, first, "10.77.0.100", "10.77.0.150") || r.lease(h.mac).Address.String() != first {
		t.Fatalf("got %q, lease %+v", first, r.lease(h.mac))
	}
	again := func(when string, args ...string) {
		t.Helper()
		if said := h.udhcpc(args...); said["ip"] != first || said["serverid"] != "10.77.0.1" {
			t.Errorf("%s: got %v, want %s again", when, said, first)
		}
	}
	again("with the broadcast flag", "-B")
	command(t, "ip", "link", "set", "br0", "down")
	command(t, "ip", "link", "set", "br0", "up")
	again("after the interface was down")
	r.stop()
	serve(t, s, config(t, s, Full))
	again("after a restart", "-r", first)
	again("and releases it", "-R")

	other := newHost(t, "52:54:00:77:00:21")
	if got := other.udhcpc("-r", first)["ip"]; got == first {
		t.Errorf("%s went to another machine while others are free", first)
	}
}

// A host that has its address from nobody keeps it: a client is offered the next one,
// whichever it wants, and a client that comes back to its own waits for nothing.
func TestAddressInUse(t *testing.T) {
	needs(t, iproute, nsenter, busybox)
	newLAN(t)
	s := storetest.Open(t)
	serve(t, s, config(t, s, Full))
	squatter := newHost(t, "52:54:00:77:00:30")
	squatter.run("ip", "address", "add", "10.77.0.100/24", "dev", "eth0")
	h := newHost(t, "52:54:00:77:00:20")
	first := h.udhcpc("-r", "10.77.0.100")["ip"]
	if !within(t, first, "10.77.0.101", "10.77.0.150") {
		t.Fatalf("got %q, want another address than that of a host with a fixed one", first)
	}
	if got := h.udhcpc()["ip"]; got != first { // it answers for it itself now
		t.Errorf("asked again, got %s, want %s", got, first)
	}
}

// A client that renews is answered where it is, not by broadcast.
func TestRenewal(t *testing.T) {
	needs(t, iproute, nsenter, busybox)
	newLAN(t)
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	client := h.command("busybox", "udhcpc", "-i", "eth0", "-f", "-t", "8", "-T", "1", "-s", udhcpcScript(t))
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Process.Kill(); _ = client.Wait() }()
	until(t, "the client has its lease", func() bool {
		l := r.lease(h.mac)
		return l != nil && time.Until(l.Expires) > 30*time.Minute
	})
	before := r.lease(h.mac).Expires
	until(t, "the renewed lease ends later", func() bool {
		_ = client.Process.Signal(syscall.SIGUSR1)
		return r.lease(h.mac).Expires.After(before)
	})
}

// Beside dnsmasq, which leases the addresses, we find our place by ourselves:
// firmware and iPXE get their boot files, we learn the addresses, and the
// machine's secret goes to the machine alone.
func TestBesideDnsmasq(t *testing.T) {
	needs(t, iproute, nsenter, busybox, dnsmasq, curl)
	newLAN(t)
	server := newHost(t, "52:54:00:77:00:02")
	server.run("ip", "address", "add", "10.77.0.2/24", "dev", "eth0")
	server.start("dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-daemon", "--leasefile-ro",
		"--interface=eth0", "--bind-interfaces", "--dhcp-range=10.77.0.200,10.77.0.220,1h")

	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	r := serve(t, s, config(t, s, Auto))
	if got := r.servers.String(); !strings.Contains(got, "dhcp proxy on br0") {
		t.Fatalf("beside another server: %s", got)
	}
	pc, neighbour := newHost(t, enrolled), newHost(t, "52:54:00:77:00:11")
	for _, h := range []*host{pc, neighbour} {
		got := h.udhcpc()["ip"]
		if !within(t, got, "10.77.0.200", "10.77.0.220") {
			t.Errorf("%s got %q, want an address of dnsmasq's", h.mac, got)
		}
		r.observes(h.mac, got)
	}
	const script = "http://10.77.0.1:8080/boot/" + enrolled
	if got := pc.run("curl", "-sS", script); !strings.Contains(got, "set password "+secret) {
		t.Errorf("the machine itself got\n%s", got)
	}
	if got := neighbour.run("curl", "-sS", script); strings.Contains(got, secret) || !strings.Contains(got, "exit") {
		t.Errorf("its neighbour got\n%s", got)
	}
	if story := r.story(enrolled); !strings.Contains(story, "script: boots from volume debian") ||
		!strings.Contains(story, "refused: script of pc-10 asked for from") {
		t.Errorf("story:\n%s", story)
	}
}

// Alone on the network we lease addresses, if we were given any to lease.
func TestAutoAlone(t *testing.T) {
	needs(t, iproute, nsenter)
	newLAN(t)
	s := storetest.Open(t)
	alone := serve(t, s, config(t, s, Auto))
	if got := alone.servers.String(); !strings.Contains(got, "dhcp full on br0") {
		t.Errorf("alone, with a range: %s", got)
	}
	alone.stop()
	c := config(t, s, Auto)
	c.Range = ""
	start := time.Now()
	if got := serve(t, s, c).servers.String(); !strings.Contains(got, "dhcp proxy on br0") || time.Since(start) > 2*time.Second {
		t.Errorf("without a range: %s after %v, want proxy at once", got, time.Since(start))
	}
}

// curl, as a stranger to both servers, gets every boot file and nothing else.
func TestFilesToARealClient(t *testing.T) {
	needs(t, iproute, nsenter, busybox, curl)
	newLAN(t)
	s := storetest.Open(t)
	r := serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	h.udhcpc()
	for _, url := range []string{"tftp://10.77.0.1/snponly.efi", "http://10.77.0.1:8080/ipxe/snponly.efi"} {
		got := h.run("curl", "-sS", url)
		if !strings.HasPrefix(got, "MZ") || len(got) != len(r.file(t, "snponly.efi")) {
			t.Errorf("%s: %d bytes, want %d", url, len(got), len(r.file(t, "snponly.efi")))
		}
	}
	for _, url := range []string{"tftp://10.77.0.1/autoexec.ipxe", "http://10.77.0.1:8080/ipxe/autoexec.ipxe"} {
		if got := h.run("curl", "-sS", url); !strings.Contains(got, "chain --replace --autofree http://10.77.0.1:8080/boot.ipxe") {
			t.Errorf("%s:\n%s", url, got)
		}
	}
	if out, err := h.try("curl", "-sS", "tftp://10.77.0.1//etc/passwd"); err == nil {
		t.Errorf("TFTP gave /etc/passwd: %s", out)
	}
	if story := r.story(h.mac); !strings.Contains(story, "snponly.efi over TFTP") || !strings.Contains(story, "snponly.efi over HTTP") {
		t.Errorf("story:\n%s", story)
	}
}

// The 13 seconds that iPXE would wait for a router end with an advertisement
// that makes nobody a router.
func TestRouterAdvertisement(t *testing.T) {
	needs(t, iproute, nsenter)
	newLAN(t)
	s := storetest.Open(t)
	serve(t, s, config(t, s, Full))
	h := newHost(t, "52:54:00:77:00:20")
	until(t, "both ends have their link-local address", func() bool {
		return !strings.Contains(h.run("ip", "-6", "address"), "tentative") && !strings.Contains(command(t, "ip", "-6", "address"), "tentative")
	})
	solicit := h.command(testBinary(t))
	solicit.Env = append(solicit.Environ(), "BOOTSRV_TEST_ROLE=solicit")
	out, err := solicit.CombinedOutput()
	if want := "86000000" + "4000" + "0000" + "0000000000000000"; err != nil || maskChecksum(string(out)) != want {
		t.Errorf("advertisement %s, %v, want %s", out, err, want)
	}
	if got := h.run("ip", "-6", "route"); strings.Contains(got, "default") {
		t.Errorf("the client has a router now:\n%s", got)
	}
}
