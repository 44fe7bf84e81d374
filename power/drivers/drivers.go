// Package drivers is the table of hardware types: a row a driver. A new driver for a
// kind of BMC is a package beside this one that implements [conductor.Power], and a row
// here; powertest.Run holds it to what the conductor relies on.
package drivers

import (
	"log/slog"

	"ironhook/conductor"
	"ironhook/power/ipmi"
	"ironhook/power/manual"
)

// Table returns the hardware types that Ironhook knows, after Ironic's
// ironic/drivers/{ipmi,generic,fake_hardware}.py. Its rows share no state but that of
// their drivers.
func Table(log *slog.Logger) []conductor.HardwareType {
	byHand := manual.Power{Log: log}
	noop := manual.Management{Power: byHand}
	return []conductor.HardwareType{
		{
			Name: "fake-hardware", Power: map[string]conductor.Power{"fake": byHand},
			Interfaces: map[string][]string{
				"bios": {"fake", "no-bios"}, "boot": {"fake", "ipxe", "pxe"}, "console": {"fake", "no-console"},
				"deploy": {"fake", "direct", "ramdisk"}, "inspect": {"fake", "no-inspect"}, "management": {"fake"}, "power": {"fake"},
				"raid": {"fake", "no-raid", "agent"}, "rescue": {"fake", "no-rescue"}, "vendor": {"fake", "no-vendor"},
			},
		},
		{
			Name: "ipmi", Power: map[string]conductor.Power{"ipmitool": ipmi.New(ipmi.Config{}), "noop": noop},
			Interfaces: map[string][]string{
				"management": {"ipmitool", "noop"}, "power": {"ipmitool"}, "raid": {"no-raid", "agent"}, "vendor": {"ipmitool", "no-vendor"},
			},
		},
		{
			Name: manual.HardwareType, Power: map[string]conductor.Power{"fake": byHand, "noop": noop},
			Interfaces: map[string][]string{"power": {"fake"}},
		},
	}
}
