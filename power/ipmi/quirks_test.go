package ipmi

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/power/ipmi/bmctest"
	"ironhook/power/ipmi/rmcp"
)

// refusals are completion codes with which BMCs are known to refuse boot options.
var refusals = []byte{0x80, 0x81, 0x82, 0xc1, 0xc7, 0xc9, 0xcb, 0xcc, 0xd4, 0xd5, 0xd6, 0xff}

// Whatever a BMC says to "keep the boot flags", the flags are set; that it refuses the
// flags themselves, twice, is an error of its own kind, which names the device and what
// to do.
func TestBootOptionsRefused(t *testing.T) {
	for _, code := range refusals {
		for _, c := range []struct {
			name    string
			quirks  map[string][]byte
			refused bool
		}{
			{"parameter 3", map[string][]byte{"boot3": {code}}, false},
			{"parameter 5 once", map[string][]byte{"boot5": {code, 0}}, false},
			{"parameter 5", map[string][]byte{"boot5": {code}}, true},
			{"both", map[string][]byte{"boot3": {code}, "boot5": {code}}, true},
		} {
			t.Run(fmt.Sprintf("%s %02x", c.name, code), func(t *testing.T) {
				t.Parallel()
				m, n := startQuirky(t, bmctest.Quirks{Codes: c.quirks}, both)
				d := New(hurried)
				err := d.SetBootDevice(t.Context(), n, "pxe", true)
				if !c.refused {
					if err != nil {
						t.Fatal(err)
					}
					if device, persistent, err := d.BootDevice(t.Context(), n); device != "pxe" || !persistent || err != nil {
						t.Errorf("BootDevice = %s, %v, %v, want pxe for good", device, persistent, err)
					}
					return
				}
				if !errors.Is(err, baremetal.ErrBootDevice) || !errors.Is(err, baremetal.ErrBMC) || !errors.Is(err, rmcp.CompletionError(code)) {
					t.Fatalf("SetBootDevice = %v, want ErrBootDevice, ErrBMC and code %02x", err, code)
				}
				for _, want := range []string{"pc-07", "pxe", fmt.Sprintf("%#02x", code)} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q does not name %s", err, want)
					}
				}
				if code != byte(rmcp.InsufficientPrivilege) && !strings.Contains(err.Error(), "boot order") {
					t.Errorf("%q does not say what to set in the firmware", err)
				}
				if got := m.Calls("boot5"); got != 2 {
					t.Errorf("the flags were sent %d times, want 2", got)
				}
			})
		}
	}
}

// An order that a BMC answers with 00 and forgets is given again, until the state is
// the one that was asked for.
func TestOrdersWithoutEffectAreRepeated(t *testing.T) {
	const many = 3
	for _, c := range []struct {
		ignored      string
		from, action baremetal.PowerState
		want         string
	}{
		{"on", baremetal.PowerOff, baremetal.PowerOn, "on on on on"},
		{"on", baremetal.PowerOn, baremetal.Reboot, "off on on on on"}, // deaf for a while after off
		{"off", baremetal.PowerOn, baremetal.PowerOff, "off off off off"},
		{"off", baremetal.PowerOn, baremetal.Reboot, "off off off off on"},
		{"soft", baremetal.PowerOn, baremetal.SoftPowerOff, "soft soft soft soft"},
		{"soft", baremetal.PowerOn, baremetal.SoftReboot, "soft soft soft soft on"},
		{"on", baremetal.PowerOn, baremetal.SoftReboot, "soft on on on on"},
	} {
		t.Run(c.ignored+" in "+string(c.action), func(t *testing.T) {
			t.Parallel()
			m, n := startQuirky(t, bmctest.Quirks{Ignored: map[string]int{c.ignored: many}}, both)
			if err := m.Chassis.SetPower(t.Context(), c.from == baremetal.PowerOn); err != nil {
				t.Fatal(err)
			}
			if err := New(hurried).Set(t.Context(), n, c.action); err != nil {
				t.Fatal(err)
			}
			if got := m.Orders(); got != c.want {
				t.Errorf("orders = %q, want %q", got, c.want)
			}
		})
	}
}

// A diagnostic interrupt that the BMC may have raised is not raised once more: the
// operating system would dump itself twice.
func TestNMIIsGivenOnce(t *testing.T) {
	m, n := startQuirky(t, bmctest.Quirks{Codes: map[string][]byte{"diagnostic": {0xff, 0}}}, both)
	if err := New(hurried).InjectNMI(t.Context(), n); !errors.Is(err, rmcp.Unspecified) {
		t.Errorf("InjectNMI = %v, want %v", err, rmcp.Unspecified)
	}
	if got := m.Calls("diagnostic"); got != 1 {
		t.Errorf("the interrupt was ordered %d times, want once", got)
	}
}

// One unspecified error or one wrong sum says nothing; two do.
func TestOneHiccup(t *testing.T) {
	for name, c := range map[string]struct {
		quirks bmctest.Quirks
		kind   error // nil: no error
	}{
		"status once":  {bmctest.Quirks{Codes: map[string][]byte{"status": {0xff, 0}}}, nil},
		"status twice": {bmctest.Quirks{Codes: map[string][]byte{"status": {0xff}}}, rmcp.Unspecified},
		"level once":   {bmctest.Quirks{Codes: map[string][]byte{"level": {0xff, 0}}}, nil},
		"on once":      {bmctest.Quirks{Codes: map[string][]byte{"on": {0xff, 0}}}, nil},
		"on twice":     {bmctest.Quirks{Codes: map[string][]byte{"on": {0xff}}}, rmcp.Unspecified},
		"tags of zero": {bmctest.Quirks{ZeroTags: true}, nil},
		"proof once":   {bmctest.Quirks{BadProofs: 1}, nil},
		"proof twice":  {bmctest.Quirks{BadProofs: 2}, rmcp.ErrCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, n := startQuirky(t, c.quirks, both[1:]) // no other suite to try
			if err := New(hurried).Set(t.Context(), n, baremetal.PowerOn); !errors.Is(err, c.kind) {
				t.Errorf("Set(power on) = %v, want %v", err, c.kind)
			}
		})
	}
}
