// Package drivers is the table of hardware types: a row a driver. A new driver for a
// kind of BMC is a package beside this one that implements [conductor.Power], and a row
// here; powertest.Run holds it to what the conductor relies on.
package drivers

import (
	"context"
	"log/slog"

	"ironhook/conductor"
	"ironhook/power/ipmi"
	"ironhook/power/manual"
	"ironhook/power/redfish"
	"ironhook/power/snmp"
	"ironhook/power/webhook"
	"ironhook/power/wol"
)

// Config is what drivers need of the program.
type Config struct {
	Log *slog.Logger
	// MACs returns the addresses of the ports of the node with this UUID.
	MACs func(ctx context.Context, node string) ([]string, error)
	// Session reports whether the machine of the node with this UUID has one of its volumes open. nil: it is not known.
	Session func(ctx context.Context, node string) (bool, error)
	// Tell appends an event of the node with this UUID: what a person has to do. nil: only the log says it.
	Tell func(ctx context.Context, node, detail string)
}

// Table returns the hardware types that Ironhook knows, after Ironic's
// ironic/drivers/{ipmi,redfish,generic,fake_hardware}.py. Its rows share no state but that of
// their drivers.
func Table(c Config) []conductor.HardwareType {
	byHand := manual.Power{Log: c.Log, Tell: c.Tell}
	ipmitool := ipmi.New(ipmi.Config{})
	noop := manual.Management{Power: byHand}
	return []conductor.HardwareType{
		{
			Name: "fake-hardware", Power: map[string]conductor.Power{"fake": byHand},
			Interfaces: map[string][]string{
				"bios": {"fake", "no-bios"}, "boot": {"fake", "ipxe", "pxe", "http-ipxe"}, "console": {"fake", "no-console"},
				"deploy":   {"fake", "direct", "ramdisk"},
				"firmware": {"fake", "no-firmware"}, "inspect": {"fake", "no-inspect", "agent"}, "management": {"fake"}, "power": {"fake"},
				"raid": {"fake", "no-raid", "agent"}, "rescue": {"fake", "no-rescue"}, "vendor": {"fake", "no-vendor"},
			},
		},
		{
			Name: "ipmi", Power: map[string]conductor.Power{"ipmitool": ipmitool, "noop": noop,
				ipmi.ConsoleSocat: ipmitool, ipmi.ConsoleShellInABox: ipmitool},
			Interfaces: map[string][]string{
				"console":    {"no-console", ipmi.ConsoleSocat, ipmi.ConsoleShellInABox},
				"management": {"ipmitool", "noop"}, "power": {"ipmitool"}, "raid": {"no-raid", "agent"}, "vendor": {"ipmitool", "no-vendor"},
			},
		},
		{
			Name: manual.HardwareType, Power: map[string]conductor.Power{"fake": byHand, "noop": noop},
			Interfaces: map[string][]string{"management": {"noop", "fake"}, "power": {"fake"}, "raid": {"no-raid", "agent"}},
		},
		{
			Name: redfish.HardwareType, Power: map[string]conductor.Power{"redfish": redfish.New(redfish.Config{}), "noop": noop},
			Interfaces: map[string][]string{
				"bios": {"redfish", "no-bios"}, "firmware": {"redfish", "no-firmware"}, "inspect": {"redfish", "no-inspect", "agent"},
				"management": {"redfish", "noop"}, "power": {"redfish"}, "raid": {"redfish", "no-raid", "agent"},
			},
		},
		{
			Name: wol.HardwareType, Power: map[string]conductor.Power{wol.HardwareType: wol.New(byHand, c.MACs, c.Session), "noop": noop},
			Interfaces: map[string][]string{"power": {wol.HardwareType}},
		},
		{
			Name: webhook.HardwareType, Power: map[string]conductor.Power{webhook.HardwareType: webhook.New(webhook.Config{}), "noop": noop},
			Interfaces: map[string][]string{"power": {webhook.HardwareType}},
		},
		{
			Name: snmp.HardwareType, Power: map[string]conductor.Power{snmp.HardwareType: snmp.New(snmp.Config{}), "noop": noop},
			Interfaces: map[string][]string{"power": {snmp.HardwareType}},
		},
	}
}
