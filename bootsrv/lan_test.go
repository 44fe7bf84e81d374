package bootsrv

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/ipxe"
	"ironhook/store"
)

// TestMain runs the tests of this package in a network namespace of their own, so that no
// packet leaves this machine. Without root it makes a user namespace first.
func TestMain(m *testing.M) {
	if role := os.Getenv("BOOTSRV_TEST_ROLE"); role != "" {
		os.Exit(play(role, os.Args[1:]))
	}
	if os.Getenv("BOOTSRV_TEST_INSIDE") != "" || strings.Contains(strings.Join(os.Args, " "), "-test.short=true") {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), "BOOTSRV_TEST_INSIDE=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "tests in a network namespace:", err)
		os.Exit(1)
	}
}

// needs skips a test with real peers under -short, and fails it if a peer is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("talks to real peers in a network namespace")
	}
	for _, p := range programs {
		name, of, _ := strings.Cut(p, " of ")
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing: apt-get install %s", name, of)
		}
	}
}

const (
	iproute = "ip of iproute2"
	nsenter = "nsenter of util-linux"
	busybox = "busybox of busybox"
	dnsmasq = "dnsmasq of dnsmasq-base"
	curl    = "curl of curl"
)

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// newLAN makes the bridge br0, with our address 10.77.0.1/24 on it.
func newLAN(t *testing.T) {
	t.Helper()
	command(t, "ip", "link", "set", "lo", "up")
	command(t, "ip", "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", "br0").Run() })
	command(t, "ip", "address", "add", "10.77.0.1/24", "dev", "br0")
	command(t, "ip", "link", "set", "br0", "up")
}

// host is another machine on the bridge: a network namespace with one card, eth0.
type host struct {
	t   *testing.T
	pid string
	mac string
}

func newHost(t *testing.T, mac string) *host {
	t.Helper()
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, pid: fmt.Sprint(holder.Process.Pid), mac: mac}
	port := "v" + strings.ReplaceAll(mac[9:], ":", "")
	t.Cleanup(func() {
		// The kernel removes the card of a namespace some time after its last process, and the
		// next test may need the name.
		_ = exec.Command("ip", "link", "del", port).Run()
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	command(t, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", mac, "netns", h.pid)
	command(t, "ip", "link", "set", port, "master", "br0", "up")
	h.run("ip", "link", "set", "lo", "up")
	h.run("ip", "link", "set", "eth0", "up")
	return h
}

// command is a program on the host, not started.
func (h *host) command(name string, args ...string) *exec.Cmd {
	return exec.CommandContext(h.t.Context(), "nsenter", append([]string{"--net=/proc/" + h.pid + "/ns/net", name}, args...)...)
}

// try runs a program on the host; run also fails the test on an error.
func (h *host) try(name string, args ...string) (string, error) {
	out, err := h.command(name, args...).CombinedOutput()
	return string(out), err
}

func (h *host) run(name string, args ...string) string {
	h.t.Helper()
	out, err := h.try(name, args...)
	if err != nil {
		h.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// start runs a program on the host until the test ends.
func (h *host) start(name string, args ...string) {
	h.t.Helper()
	cmd := h.command(name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// udhcpc gets an address with BusyBox's client, sets it, and returns the server's answer:
// ip, serverid, lease...
func (h *host) udhcpc(args ...string) map[string]string {
	h.t.Helper()
	script := udhcpcScript(h.t)
	out := h.run("busybox", append([]string{"udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", script}, args...)...)
	said := map[string]string{}
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			said[key] = value
		}
	}
	return said
}

// until waits for a fact.
func until(t *testing.T, what string, fact func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !fact() {
		select {
		case <-deadline:
			t.Fatalf("it never came about that %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// rig is our servers on the bridge, with one enrolled machine whose volume is
// attached.
type rig struct {
	t       *testing.T
	store   *store.Store
	servers *Servers
	stop    func()
}

const enrolled = "52:54:00:77:00:10"

// config returns the configuration of servers on br0; it fails the test if binaries are
// missing.
func config(t *testing.T, s *store.Store, mode Mode) Config {
	t.Helper()
	for _, name := range required {
		if _, err := ipxe.Read(ipxe.Embedded(), name); err != nil {
			t.Fatal(err)
		}
	}
	var out io.Writer = io.Discard
	if testing.Verbose() {
		out = os.Stdout
	}
	return Config{
		Interfaces: []string{"br0"}, DHCP: mode, Range: "10.77.0.100-10.77.0.150", HTTP: ":8080", TFTP: DefaultTFTP,
		Binaries: ipxe.Embedded(), Store: s, Log: slog.New(slog.NewTextHandler(out, nil)),
	}
}

// serve opens and runs the servers until the test or stop ends them.
func serve(t *testing.T, s *store.Store, c Config) *rig {
	t.Helper()
	servers, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- servers.Serve(ctx) }()
	r := &rig{t: t, store: s, servers: servers}
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if err := servers.Close(); err != nil {
			t.Errorf("Close after Serve = %v", err)
		}
	}
	t.Cleanup(r.stop)
	return r
}

// enrol makes a node that may boot from a volume at portal.
func enrol(t *testing.T, s *store.Store, mac, portal string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		node := &baremetal.Node{
			UUID: "node-" + mac, Name: "pc-" + mac[15:], Driver: "fake-hardware", ProvisionState: baremetal.Active,
			Interfaces: baremetal.Interfaces{"storage": "external"},
		}
		if err := tx.Nodes().Insert(node); err != nil {
			return err
		}
		if err := tx.Ports().Insert(&baremetal.Port{UUID: "port-" + mac, NodeUUID: node.UUID, Address: mac, PXEEnabled: true}); err != nil {
			return err
		}
		return tx.Targets().Insert(&baremetal.VolumeTarget{
			UUID: "target-" + mac, NodeUUID: node.UUID, VolumeType: "iscsi", VolumeID: "debian", Properties: baremetal.Object{
				"target_portal": portal, "target_iqn": "iqn.2026-01.test:v1", "target_lun": 0,
				"auth_method": "CHAP", "auth_username": "user", "auth_password": secret,
			},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) lease(mac string) *baremetal.Lease {
	r.t.Helper()
	var m Machine
	err := r.store.View(context.Background(), func(tx *store.Tx) (err error) {
		m, err = machine(tx, mac)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return m.Lease
}

// observes waits until the server has learned which address another server leased to a
// machine: its message may still be in our queue.
func (r *rig) observes(mac, address string) {
	r.t.Helper()
	until(r.t, address+" is observed", func() bool {
		l := r.lease(mac)
		return l != nil && l.Observed && l.Address.String() == address
	})
}

// story returns the events of a machine, one a line. It may be called from any goroutine.
func (r *rig) story(mac string) string {
	var b strings.Builder
	err := r.store.View(context.Background(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{})
		for _, e := range events {
			if e.MAC == mac {
				fmt.Fprintf(&b, "%s: %s\n", e.Kind, e.Detail)
			}
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
	return b.String()
}

func within(t *testing.T, address, first, last string) bool {
	t.Helper()
	a, err := netip.ParseAddr(address)
	return err == nil && !a.Less(netip.MustParseAddr(first)) && !netip.MustParseAddr(last).Less(a)
}
