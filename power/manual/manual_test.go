package manual

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
)

func TestAsksAPerson(t *testing.T) {
	var log bytes.Buffer
	told := ""
	p := Power{Log: slog.New(slog.NewTextHandler(&log, nil)),
		Tell: func(_ context.Context, node, detail string) { told = node + " " + detail }}
	for _, c := range []struct {
		driver string
		before baremetal.PowerState
		action baremetal.PowerState
		want   string // in the log
	}{
		{HardwareType, "", baremetal.PowerOn, "press its power button"},
		{HardwareType, baremetal.PowerOn, baremetal.PowerOn, ""},
		{HardwareType, baremetal.PowerOn, baremetal.Reboot, "switch it off and on again"},
		{HardwareType, baremetal.PowerOn, baremetal.PowerOff, "switch it off"},
		{"fake-hardware", "", baremetal.PowerOn, ""},
	} {
		log.Reset()
		told = ""
		n := &baremetal.Node{UUID: "node-7", Name: "pc-07", Driver: c.driver, PowerState: c.before}
		if err := p.Set(t.Context(), n, c.action); err != nil {
			t.Fatal(err)
		}
		got := log.String()
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) || c.want != "" && !strings.Contains(got, "pc-07") {
			t.Errorf("Set(%s) of a %s node that is %q logs %q, want %q", c.action, c.driver, c.before, got, c.want)
		}
		if want := "node-7 needs a hand: " + c.want; (c.want == "") != (told == "") || c.want != "" && !strings.HasPrefix(told, want) {
			t.Errorf("Set(%s) of a %s node tells %q, want %q", c.action, c.driver, told, want)
		}
	}
	if err := p.Set(t.Context(), &baremetal.Node{Driver: HardwareType}, "nonsense"); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("Set(nonsense) = %v, want %v", err, baremetal.ErrInvalid)
	}
}

func TestManagement(t *testing.T) {
	var m Management
	n := &baremetal.Node{Driver: HardwareType}
	if device, persistent, err := m.BootDevice(t.Context(), n); device != "pxe" || !persistent || err != nil {
		t.Errorf("BootDevice = %s, %v, %v, want pxe for good", device, persistent, err)
	}
	for _, device := range m.BootDevices() {
		if err := m.SetBootDevice(t.Context(), n, device, false); err != nil {
			t.Error(err)
		}
	}
	err := m.SetBootDevice(t.Context(), n, "cdrom", false)
	if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != "Invalid boot device cdrom specified, supported are pxe, disk." {
		t.Errorf("SetBootDevice(cdrom) = %v", err)
	}
}

// How long plans wait for a person, and that an impossible time is refused; nodes of other hardware types with this
// power interface never wait.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		driver string
		wait   any
		want   time.Duration
		wrong  string
	}{
		{HardwareType, nil, 0, ""}, {HardwareType, "90", 90 * time.Second, ""}, {HardwareType, 604800.0, 7 * 24 * time.Hour, ""},
		{HardwareType, 604801.0, 0, `Invalid driver_info: manual_wait is "604801", want a number from 0 to 604800.`},
		{"fake-hardware", "soon", 0, ""},
	} {
		n := &baremetal.Node{Driver: c.driver, DriverInfo: baremetal.Object{"manual_wait": c.wait}}
		chore, within := Power{}.Chore(n, baremetal.PowerOff)
		err := Power{}.Validate(n)
		if within != c.want || (err != nil) != (c.wrong != "") || err != nil && err.Error() != c.wrong || within > 0 && chore != "switch it off" {
			t.Errorf("manual_wait %v of %s: %q within %v, Validate = %v", c.wait, c.driver, chore, within, err)
		}
	}
}
