package snmp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const community, passphrase = "marker-private", "marker-passphrase"

var hurried = Config{Off: time.Millisecond, Poll: time.Millisecond, Settle: 10 * time.Second, Timeout: 3 * time.Second}

// agent starts Debian's snmpd as a unit of a kind, whose outlet 4 is off.
func agent(t *testing.T, u unit) *baremetal.Node {
	t.Helper()
	if testing.Short() {
		t.Skip("needs snmpd")
	}
	probe, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port, dir := probe.LocalAddr().(*net.UDPAddr).Port, t.TempDir()
	probe.Close()
	product := u.product
	if product == "" {
		product = "99999"
	}
	object := func(pattern string) string { return enterprises + strings.ReplaceAll(pattern, "OUTLET", "4") }
	lines := []string{
		fmt.Sprintf("agentaddress udp:127.0.0.1:%d", port), "rwcommunity " + community, "rocommunity marker-public", "sysobjectid " +
			enterprises + product + ".1",
		fmt.Sprintf("override -rw %s integer %d", object(u.state), u.isOff[0]),
		"createUser operator SHA-256 " + passphrase + " AES " + passphrase, "rwuser operator authpriv",
	}
	for _, other := range slices.Compact([]string{u.onBy, u.offBy}) {
		if other != u.state {
			lines = append(lines, fmt.Sprintf("override -rw %s integer 99", object(other)))
		}
	}
	config := filepath.Join(dir, "snmpd.conf")
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("snmpd", "-f", "-Lo", "-C", "-c", config, "-p", filepath.Join(dir, "pid")) //nolint:noctx // ended in order
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir, "MIBS=")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("snmpd (Debian: snmpd): %v", err)
	}
	lines = nil
	log := bufio.NewScanner(out)
	for log.Scan() && !strings.HasPrefix(log.Text(), "NET-SNMP version") { // it listens
		lines = append(lines, log.Text())
	}
	drained := make(chan error, 1)
	go func() { _, err := io.Copy(io.Discard, out); drained <- err }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-drained
		_ = cmd.Wait() // "signal: killed"
		if t.Failed() {
			t.Log(strings.Join(lines, "\n"))
		}
	})
	n := &baremetal.Node{UUID: "c0ffee00-0000-4000-8000-000000000007", Name: "pc-07", Driver: HardwareType, DriverInfo: baremetal.Object{
		"snmp_address": "127.0.0.1", "snmp_port": float64(port), "snmp_outlet": 4.0, "snmp_version": "2c", "snmp_driver": u.name,
		"snmp_community_read": "marker-public", "snmp_community_write": community,
	}}
	if u.name == "" {
		delete(n.DriverInfo, "snmp_driver")
	}
	return n
}

// TestSuite holds the driver to what the conductor relies on.
func TestSuite(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) { return New(hurried), agent(t, units[0]) })
}

// TestUnits switches every unit that shows its state where it takes orders, against an agent that
// nobody here has written.
func TestUnits(t *testing.T) {
	for _, u := range units {
		if u.onBy != u.state {
			continue // an agent without a unit behind it does not show what it was told
		}
		t.Run(u.name, func(t *testing.T) {
			n, p := agent(t, u), New(hurried)
			for _, want := range []baremetal.PowerState{baremetal.PowerOff, baremetal.PowerOn, baremetal.PowerOff} {
				if err := p.Set(t.Context(), n, want); err != nil {
					t.Fatal(err)
				}
				if got, err := p.State(t.Context(), n); got != want || err != nil {
					t.Errorf("%q, %v, want %q", got, err, want)
				}
			}
		})
	}
}

// TestUnitsOfTwoObjects take an order in another object than that of the state.
func TestUnitsOfTwoObjects(t *testing.T) {
	for _, u := range units {
		if u.onBy == u.state {
			continue
		}
		t.Run(u.name, func(t *testing.T) {
			n := agent(t, u)
			p := New(Config{Off: time.Millisecond, Poll: time.Millisecond, Settle: time.Millisecond, Timeout: 3 * time.Second})
			err := p.Set(t.Context(), n, baremetal.PowerOn)
			if err == nil || !strings.Contains(err.Error(), `took the order for "power on"`) {
				t.Errorf("an order that is taken and has no effect: %v", err)
			}
			told := u
			told.state, told.isOn, told.isOff = u.onBy, nil, []int{u.on}
			if err := New(hurried).call(t.Context(), n, func(o outlet) error {
				o.unit = &told
				state, err := o.state()
				if state != baremetal.PowerOff { // the value of the order stands there
					err = fmt.Errorf("the object of orders has another value: %q, %w", state, err)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAuto finds the kind of a unit by its sysObjectID.
func TestAuto(t *testing.T) {
	u := units[0]
	n := agent(t, u)
	n.DriverInfo["snmp_driver"] = "auto"
	if state, err := New(hurried).State(t.Context(), n); state != baremetal.PowerOff || err != nil {
		t.Errorf("%q, %v", state, err)
	}
	u.product = "99999"
	n = agent(t, u)
	n.DriverInfo["snmp_driver"] = "auto"
	if _, err := New(hurried).State(t.Context(), n); err == nil || !strings.Contains(err.Error(), "set snmp_driver") {
		t.Errorf("a unit that nobody knows: %v", err)
	}
}

// TestVersion3 with a user, authentication and encryption.
func TestVersion3(t *testing.T) {
	n := agent(t, units[0])
	for _, key := range []string{"snmp_community_read", "snmp_community_write"} {
		delete(n.DriverInfo, key)
	}
	for key, value := range map[string]any{"snmp_version": "3", "snmp_user": "operator", "snmp_auth_protocol": "sha256",
		"snmp_auth_key":      passphrase,
		"snmp_priv_protocol": "aes", "snmp_priv_key": passphrase} {
		n.DriverInfo[key] = value
	}
	if err := New(hurried).Set(t.Context(), n, baremetal.PowerOn); err != nil {
		t.Error(err)
	}
	n.DriverInfo["snmp_auth_key"] = "wrong-marker"
	if _, err := New(hurried).State(t.Context(), n); err == nil || strings.Contains(err.Error(), "marker") {
		t.Errorf("a wrong passphrase: %v", err)
	}
}

// TestErrorsTellWhatToDo and show no secret.
func TestErrorsTellWhatToDo(t *testing.T) {
	n := agent(t, units[0])
	for name, test := range map[string]struct {
		key   string
		value any
		says  string
	}{
		"no such outlet":    {"snmp_outlet", 5.0, "check snmp_driver and snmp_outlet"},
		"another unit":      {"snmp_driver", "aten", "check snmp_driver and snmp_outlet"},
		"a wrong community": {"snmp_community_read", "marker-wrong", "does not answer: check snmp_address"},
	} {
		before := n.DriverInfo[test.key]
		n.DriverInfo[test.key] = test.value
		quick := hurried
		quick.Timeout = 100 * time.Millisecond
		_, err := New(quick).State(t.Context(), n)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "marker") {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
		n.DriverInfo[test.key] = before
	}
	n.DriverInfo["snmp_community_write"] = "marker-public"
	if err := New(hurried).Set(t.Context(), n, baremetal.PowerOn); err == nil || strings.Contains(err.Error(), "marker") {
		t.Errorf("a community that may not write: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(hurried).State(ended, n); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestInfo: everything that is wrong with driver_info, and no secret.
func TestInfo(t *testing.T) {
	n := &baremetal.Node{DriverInfo: baremetal.Object{"snmp_port": "marker", "snmp_version": "4", "snmp_driver": "toaster"}}
	_, err := parse(n)
	for _, part := range []string{"snmp_address", "snmp_outlet", "snmp_port", "snmp_version", "snmp_driver", "snmp_community is missing"} {
		if !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in %v", part, err)
		}
	}
	n.DriverInfo = baremetal.Object{"snmp_address": "a", "snmp_outlet": 1.0, "snmp_version": "3", "snmp_user": "u",
		"snmp_priv_protocol": "aes", "snmp_priv_key": "short"}
	if _, err := parse(n); err == nil || !strings.Contains(err.Error(), "snmp_priv_protocol needs snmp_auth_protocol") {
		t.Error(err)
	}
}
