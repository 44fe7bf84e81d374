package ipmi

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"

	"ironhook/baremetal"
	"ironhook/power/ipmi/bmctest"
	"ironhook/power/ipmi/rmcp"
)

// The same body against two BMCs that others wrote, and every way to talk to them.
func TestPower(t *testing.T) {
	kg := []byte("a key of 20 bytes...")
	for name, start := range map[string]func(*testing.T) *baremetal.Node{
		"17 then 3": func(t *testing.T) *baremetal.Node { _, n := startBMC(t, both); return n },
		"3 only":    func(t *testing.T) *baremetal.Node { _, n := startBMC(t, both[:1]); return n },
		"IPMI 1.5": func(t *testing.T) *baremetal.Node {
			_, n := startBMC(t, both)
			return with(n, "ipmi_protocol_version", "1.5")
		},
		"suite as text": func(t *testing.T) *baremetal.Node {
			_, n := startBMC(t, both)
			return with(n, "ipmi_cipher_suite", "17")
		},
		"Kg key": func(t *testing.T) *baremetal.Node {
			_, n := startBMC(t, both, bmc.WithKG(kg))
			return with(n, "ipmi_hex_kg_key", hex.EncodeToString(kg))
		},
		"ipmi_sim":     func(t *testing.T) *baremetal.Node { return startSim(t) },
		"ipmi_sim 3":   func(t *testing.T) *baremetal.Node { return with(startSim(t), "ipmi_cipher_suite", float64(3)) },
		"ipmi_sim 1.5": func(t *testing.T) *baremetal.Node { return with(startSim(t), "ipmi_protocol_version", float64(1.5)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, d := start(t), New(hurried)
			if err := d.Validate(n); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct{ action, want baremetal.PowerState }{
				{baremetal.PowerOff, baremetal.PowerOff}, // already
				{baremetal.PowerOn, baremetal.PowerOn},
				{baremetal.PowerOn, baremetal.PowerOn},
				{baremetal.Reboot, baremetal.PowerOn},
				{baremetal.SoftReboot, baremetal.PowerOn},
				{baremetal.SoftPowerOff, baremetal.PowerOff},
				{baremetal.Reboot, baremetal.PowerOn},
				{baremetal.PowerOff, baremetal.PowerOff},
			} {
				if err := d.Set(t.Context(), n, c.action); err != nil {
					t.Fatalf("Set(%s): %v", c.action, err)
				}
				if got, err := d.State(t.Context(), n); got != c.want || err != nil {
					t.Fatalf("State after %s = %q, %v, want %q", c.action, got, err, c.want)
				}
			}
			for _, device := range []string{"pxe", "disk", "cdrom", "bios"} { // the simulator refuses "safe"
				if err := d.SetBootDevice(t.Context(), n, device, false); err != nil {
					t.Errorf("SetBootDevice(%s): %v", device, err)
				}
			}
			if _, _, err := d.BootDevice(t.Context(), n); err != nil {
				t.Errorf("BootDevice: %v", err)
			}
			if err := d.Set(t.Context(), n, "standing on its head"); !errors.Is(err, baremetal.ErrInvalid) {
				t.Errorf("Set(nonsense) = %v, want %v", err, baremetal.ErrInvalid)
			}
		})
	}
}

func with(n *baremetal.Node, key string, value any) *baremetal.Node {
	n.DriverInfo[key] = value
	return n
}

// What is not needed is not ordered, and a reboot is off and on.
func TestOrders(t *testing.T) {
	m, n := startBMC(t, both)
	d := New(hurried)
	for _, c := range []struct {
		action baremetal.PowerState
		want   string // all orders so far
	}{
		{baremetal.PowerOff, ""},
		{baremetal.Reboot, "on"},
		{baremetal.PowerOn, "on"},
		{baremetal.Reboot, "on off on"},
		{baremetal.SoftReboot, "on off on soft on"},
		{baremetal.SoftPowerOff, "on off on soft on soft"},
		{baremetal.SoftPowerOff, "on off on soft on soft"},
	} {
		if err := d.Set(t.Context(), n, c.action); err != nil {
			t.Fatal(err)
		}
		if got := m.Orders(); got != c.want {
			t.Errorf("orders after %s = %q, want %q", c.action, got, c.want)
		}
	}
}

func TestBootDevice(t *testing.T) {
	m, n := startBMC(t, both)
	d := New(hurried)
	if device, _, err := d.BootDevice(t.Context(), n); device != "" || err != nil {
		t.Errorf("BootDevice before any = %q, %v, want unknown", device, err)
	}
	for _, c := range []struct {
		capabilities, vendor, device string
		persistent                   bool
		want                         string // the first two bytes, as ipmitool and Ironic send them
	}{
		{"boot_mode:bios", "", "pxe", false, "8004"},
		{"boot_mode:bios", "", "pxe", true, "c004"},
		{"boot_mode:uefi", "", "pxe", false, "a004"},
		{"boot_mode:uefi", "", "pxe", true, "e004"},
		{"", "", "pxe", true, "e004"}, // UEFI unless told otherwise
		{"boot_mode:uefi", "", "disk", true, "e008"},
		{"boot_mode:uefi", "SuperMicro", "disk", true, "e024"},
		{"boot_mode:bios", "SuperMicro", "disk", true, "c008"},
		{"boot_mode:bios", "", "cdrom", false, "8014"},
		{"boot_mode:bios", "", "bios", false, "8018"},
		{"boot_mode:bios", "", "safe", false, "800c"},
	} {
		n.Properties = baremetal.Object{"capabilities": c.capabilities, "vendor": c.vendor}
		if err := d.SetBootDevice(t.Context(), n, c.device, c.persistent); err != nil {
			t.Fatal(err)
		}
		flags, err := m.Chassis.GetBootFlags(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(flags.Pack()[:2]); got != c.want {
			t.Errorf("%s %s persistent=%v: flags = %s, want %s", c.capabilities, c.device, c.persistent, got, c.want)
		}
		device, persistent, err := d.BootDevice(t.Context(), n)
		if device != c.device || persistent != c.persistent || err != nil {
			t.Errorf("BootDevice = %s, %v, %v, want %s, %v", device, persistent, err, c.device, c.persistent)
		}
	}
	if err := d.SetBootDevice(t.Context(), n, "bogus", false); !errors.Is(err, baremetal.ErrInvalid) ||
		err.Error() != "Invalid boot device bogus specified." {
		t.Errorf("SetBootDevice(bogus) = %v", err)
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		bytes, device string
		persistent    bool
	}{
		{"8004000000", "pxe", false}, {"e004000000", "pxe", true}, {"e024000000", "disk", true},
		{"0004000000", "", false}, {"8000000000", "", false}, {"80", "", false}, {"", "", false},
	} {
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if device, persistent := decodeFlags(b); device != c.device || persistent != c.persistent {
			t.Errorf("decodeFlags(%s) = %q, %v, want %q, %v", c.bytes, device, persistent, c.device, c.persistent)
		}
	}
}

// The BMC has room for one session and refuses a second: with forty callers every
// call succeeds only if they take turns.
func TestTurns(t *testing.T) {
	_, n := startBMC(t, both)
	c := hurried
	c.Patience = time.Nanosecond // a refused call fails
	d := New(c)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if _, err := d.State(t.Context(), n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// One BMC that does not answer delays only its own calls.
func TestTurnsAreEachBMCsOwn(t *testing.T) {
	dead, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	d := New(hurried)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := d.State(ctx, nodeAt(dead.LocalAddr().(*net.UDPAddr).Port, user, password)); !errors.Is(err, context.Canceled) {
				t.Errorf("State of a dead BMC = %v, want %v", err, context.Canceled)
			}
		})
	}
	_, alive := startBMC(t, both)
	if _, err := d.State(t.Context(), alive); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
}

func TestErrorsTellWhatToDo(t *testing.T) {
	closed := freePort(t)
	c := hurried
	c.Patience = time.Nanosecond
	d := New(c)
	_, good := startBMC(t, both)
	_, only3 := startBMC(t, both[:1])
	for name, c := range map[string]struct {
		n    *baremetal.Node
		kind error
		want []string
	}{
		"wrong password": {with(good, "ipmi_password", "hunter2"), rmcp.ErrCredentials,
			[]string{"pc-07", good.DriverInfo.Text("ipmi_address"), "ipmi_password"}},
		"nobody there": {nodeAt(closed, user, password), rmcp.ErrNoAnswer, []string{"pc-07", fmt.Sprint("127.0.0.1:", closed), "ipmi_address"}},
		"suite":        {with(only3, "ipmi_cipher_suite", float64(17)), rmcp.ErrSuite, []string{"pc-07", "ipmi_cipher_suite"}},
		"Kg key": {with(nodeAt(closed, user, password), "ipmi_hex_kg_key", "zz"), baremetal.ErrInvalid,
			[]string{"ipmi_hex_kg_key is not hexadecimal"}},
	} {
		_, err := d.State(t.Context(), c.n)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %s", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), password) {
			t.Errorf("%s: a password stands in %q", name, err)
		}
	}
}

// A BMC that takes orders and does nothing.
func TestNothingHappens(t *testing.T) {
	m, n := startQuirky(t, bmctest.Quirks{Ignored: map[string]int{"on": 1 << 20, "off": 1 << 20, "soft": 1 << 20}}, both)
	c := hurried
	c.Hard, c.Soft = time.Second, time.Second
	d := New(c)
	if err := d.Set(t.Context(), n, baremetal.PowerOn); err == nil || !strings.Contains(err.Error(), `took the order for "power on"`) {
		t.Errorf("Set(power on) = %v", err)
	}
	if err := m.Chassis.SetPower(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := d.Set(t.Context(), n, baremetal.SoftPowerOff); err == nil ||
		!strings.Contains(err.Error(), "its operating system has not switched it off") {
		t.Errorf("Set(soft power off) = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := New(hurried).Set(ctx, n, baremetal.PowerOff); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Set(power off) until the caller's deadline = %v, want %v", err, context.DeadlineExceeded)
	}
}

// A BMC that starts while we ask: patience.
func TestPatience(t *testing.T) {
	n := startSim(t) // which is not up yet
	d := New(Config{Patience: 30 * time.Second})
	if got, err := d.State(t.Context(), n); got != baremetal.PowerOff || err != nil {
		t.Errorf("State = %q, %v, want %q", got, err, baremetal.PowerOff)
	}
}

func TestNMIReachesTheBMC(t *testing.T) {
	// The BMC at hand knows the command and refuses this one order.
	_, n := startBMC(t, both)
	var code rmcp.CompletionError
	if err := New(hurried).InjectNMI(t.Context(), n); !errors.As(err, &code) || code != rmcp.OutOfRange {
		t.Errorf("InjectNMI = %v, want %v", err, rmcp.OutOfRange)
	}
}
