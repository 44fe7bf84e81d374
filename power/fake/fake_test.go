package fake

import (
	"errors"
	"testing"

	"ironhook/baremetal"
)

func TestRemembersInTheNode(t *testing.T) {
	var d Driver
	n := &baremetal.Node{Driver: "fake-hardware"}
	if err := d.Validate(n); err != nil {
		t.Fatal(err)
	}
	if got, err := d.State(t.Context(), n); got != "" || err != nil {
		t.Errorf("State of a new node = %q, %v, want null", got, err)
	}
	for _, c := range []struct{ action, want baremetal.PowerState }{
		{baremetal.PowerOn, baremetal.PowerOn},
		{baremetal.SoftPowerOff, baremetal.PowerOff},
		{baremetal.Reboot, baremetal.PowerOn},
		{baremetal.PowerOff, baremetal.PowerOff},
		{baremetal.SoftReboot, baremetal.PowerOn},
	} {
		if err := d.Set(t.Context(), n, c.action); err != nil {
			t.Fatal(err)
		}
		if got, err := d.State(t.Context(), n); got != c.want || err != nil {
			t.Errorf("State after %s = %q, %v, want %q", c.action, got, err, c.want)
		}
	}
	if err := d.Set(t.Context(), n, baremetal.PowerError); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("Set(error) = %v, want %v", err, baremetal.ErrInvalid)
	}
}

// Recorded from Ironic 21.4.4.
func TestManagement(t *testing.T) {
	var d Driver
	n := &baremetal.Node{Driver: "fake-hardware"}
	if got := d.BootDevices(); len(got) != 1 || got[0] != "pxe" {
		t.Errorf("BootDevices = %v, want [pxe]", got)
	}
	if err := d.SetBootDevice(t.Context(), n, "pxe", true); err != nil {
		t.Error(err)
	}
	if device, persistent, err := d.BootDevice(t.Context(), n); device != "pxe" || persistent || err != nil {
		t.Errorf("BootDevice = %s, %v, %v, want pxe, false", device, persistent, err)
	}
	if err := d.SetBootDevice(t.Context(), n, "disk", true); !errors.Is(err, baremetal.ErrInvalid) ||
		err.Error() != "Invalid boot device disk specified." {
		t.Errorf("SetBootDevice(disk) = %v", err)
	}
	if err := d.InjectNMI(t.Context(), n); !errors.Is(err, baremetal.ErrUnsupported) ||
		err.Error() != "Driver fake-hardware does not support inject_nmi (disabled or not implemented)." {
		t.Errorf("InjectNMI = %v", err)
	}
}

// Recorded from Ironic 39.0.0.
func TestIndicators(t *testing.T) {
	var d Driver
	n := &baremetal.Node{Driver: "fake-hardware"}
	lights, err := d.Indicators(t.Context(), n)
	if err != nil || len(lights) != 2 || lights[0].Name != "led-0" || !lights[0].ReadOnly || lights[1].Name != "led" ||
		lights[1].State != "on" {
		t.Errorf("Indicators = %+v, %v", lights, err)
	}
	if err := d.SetIndicator(t.Context(), n, "system", "led", "off"); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("SetIndicator = %v", err)
	}
}
