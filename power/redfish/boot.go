package redfish

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// devices are Ironic's names and those of BootSourceOverrideTarget.
var devices = []struct{ name, target string }{
	{"pxe", "Pxe"}, {"disk", "Hdd"}, {"cdrom", "Cd"}, {"bios", "BiosSetup"}, {"usb", "Usb"}, {"uefihttp", "UefiHttp"},
}

func deviceNames() (names []string) {
	for _, d := range devices {
		names = append(names, d.name)
	}
	return names
}

// override is the Boot object of a PATCH.
type override struct {
	Target  string `json:"BootSourceOverrideTarget"`
	Enabled string `json:"BootSourceOverrideEnabled"`
	Mode    string `json:"BootSourceOverrideMode,omitempty"`
	URI     string `json:"HttpBootUri,omitempty"`
}

// quirks are what to try, in this order, when a BMC refuses the boot device with a 4xx.
// The boot device is set before every power on, so that once is enough.
var quirks = []struct {
	why    string
	change func(o *override, etag *string)
}{
	{"as the standard has it", func(*override, *string) {}},
	{"weak ETags are compared as strong ones", func(_ *override, etag *string) { *etag = strings.TrimPrefix(*etag, "W/") }},
	{"If-Match is never right", func(_ *override, etag *string) { *etag = "" }},
	{"the mode can be read only", func(o *override, _ *string) { o.Mode = "" }},
	{"no override lasts", func(o *override, _ *string) { o.Enabled = "Once" }},
}

// setBoot sets the boot device. A refusal of all that can be tried is ErrBootDevice.
func (c *conversation) setBoot(ctx context.Context, s *system, device string, persistent, uefi bool) error {
	at := slices.Index(deviceNames(), device)
	if at < 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified.", device)
	}
	o := override{Target: devices[at].target, Enabled: "Once", Mode: "Legacy"}
	if persistent {
		o.Enabled = "Continuous"
	}
	if uefi {
		o.Mode = "UEFI"
	}
	if o.Target == "UefiHttp" {
		o.URI = c.info.httpBoot
	}
	if offered := s.Boot.Targets; len(offered) > 0 && !slices.Contains(offered, o.Target) {
		return fmt.Errorf("%w: it offers %.200s, not %s", baremetal.ErrBootDevice, strings.Join(offered, ", "), o.Target)
	}
	var err error
	etag := s.etag
	for i, q := range quirks {
		before, tag := o, etag
		q.change(&o, &etag)
		if i > 0 && before == o && tag == etag {
			continue
		}
		_, err = c.send(ctx, http.MethodPatch, s.path, etag, map[string]override{"Boot": o})
		if !refused(err) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", baremetal.ErrBootDevice, err)
}

// bootDevice is what the override says; "" is none: the boot order of the firmware decides.
func (s *system) bootDevice() (device string, persistent bool) {
	if s.Boot.Enabled != "Once" && s.Boot.Enabled != "Continuous" {
		return "", false
	}
	for _, d := range devices {
		if d.target == s.Boot.Target {
			return d.name, s.Boot.Enabled == "Continuous"
		}
	}
	return "", false
}
