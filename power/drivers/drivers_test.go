package drivers

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/conductor"
)

func enabled(t *testing.T) []conductor.HardwareType {
	t.Helper()
	table := Table(Config{Log: slog.New(slog.DiscardHandler)})
	var names []string
	for _, h := range table {
		names = append(names, h.Name)
	}
	types, err := conductor.Enable(table, names, []string{"noop", "iscsi"})
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// The interfaces as clients see them at GET /v1/drivers?detail=true.
func TestInterfaces(t *testing.T) {
	want := map[string]map[string][]string{
		"fake-hardware": {
			"bios": {"fake", "no-bios"}, "boot": {"fake", "ipxe", "pxe", "http-ipxe"}, "console": {"fake", "no-console"},
			"deploy": {"fake", "direct", "ramdisk"}, "firmware": {"fake", "no-firmware"}, "inspect": {"fake", "no-inspect", "agent"},
			"management": {"fake"},
			"network":    {"noop"}, "power": {"fake"}, "raid": {"fake", "no-raid", "agent"}, "rescue": {"fake", "no-rescue"},
			"storage": {"noop", "iscsi"}, "vendor": {"fake", "no-vendor"},
		},
		"ipmi": {
			"bios": {"no-bios"}, "boot": {"ipxe", "pxe", "http-ipxe"}, "console": {"no-console", "ipmitool-socat", "ipmitool-shellinabox"},
			"deploy": {"direct", "ramdisk"}, "firmware": {"no-firmware"}, "inspect": {"no-inspect", "agent"}, "management": {"ipmitool", "noop"},
			"network": {"noop"}, "power": {"ipmitool"}, "raid": {"no-raid", "agent"}, "rescue": {"no-rescue", "agent"},
			"storage": {"noop", "iscsi"}, "vendor": {"ipmitool", "no-vendor"},
		},
		"manual-management": {
			"bios": {"no-bios"}, "boot": {"ipxe", "pxe", "http-ipxe"}, "console": {"no-console"},
			"deploy": {"direct", "ramdisk"}, "firmware": {"no-firmware"}, "inspect": {"no-inspect", "agent"}, "management": {"noop", "fake"},
			"network": {"noop"}, "power": {"fake"}, "raid": {"no-raid", "agent"}, "rescue": {"no-rescue", "agent"},
			"storage": {"noop", "iscsi"}, "vendor": {"no-vendor"},
		},
		"redfish": {
			"bios": {"redfish", "no-bios"}, "boot": {"ipxe", "pxe", "http-ipxe"}, "console": {"no-console"},
			"deploy": {"direct", "ramdisk"}, "firmware": {"redfish", "no-firmware"}, "inspect": {"redfish", "no-inspect", "agent"},
			"management": {"redfish", "noop"},
			"network":    {"noop"}, "power": {"redfish"}, "raid": {"redfish", "no-raid", "agent"}, "rescue": {"no-rescue", "agent"},
			"storage": {"noop", "iscsi"}, "vendor": {"no-vendor"},
		},
		"wake-on-lan": plain("wake-on-lan"), "webhook": plain("webhook"), "snmp": plain("snmp"),
	}
	types := enabled(t)
	if len(types) != len(want) {
		t.Errorf("%d hardware types, want %d", len(types), len(want))
	}
	for _, h := range types {
		if !reflect.DeepEqual(h.Interfaces, want[h.Name]) {
			t.Errorf("%s: interfaces = %v, want %v", h.Name, h.Interfaces, want[h.Name])
		}
	}
}

// plain are the interfaces of a hardware type that does nothing but switch.
func plain(power string) map[string][]string {
	return map[string][]string{
		"bios": {"no-bios"}, "boot": {"ipxe", "pxe", "http-ipxe"}, "console": {"no-console"},
		"deploy": {"direct", "ramdisk"}, "firmware": {"no-firmware"}, "inspect": {"no-inspect", "agent"}, "management": {"noop"},
		"network": {"noop"}, "power": {power}, "raid": {"no-raid"}, "rescue": {"no-rescue", "agent"},
		"storage": {"noop", "iscsi"}, "vendor": {"no-vendor"},
	}
}

// Every row is complete: each kind of interface has a default, and each power and
// management interface is served.
func TestRowsAreComplete(t *testing.T) {
	for _, h := range enabled(t) {
		for _, kind := range baremetal.InterfaceKinds {
			if h.Default(kind) == "" {
				t.Errorf("%s has no %s interface", h.Name, kind)
			}
		}
		for _, kind := range []string{"power", "management"} {
			for _, name := range h.Interfaces[kind] {
				if h.Power[name] == nil {
					t.Errorf("%s: nothing serves the %s interface %q", h.Name, kind, name)
				}
			}
		}
	}
}

func TestUnknownHardwareTypeListsTheKnown(t *testing.T) {
	_, err := conductor.Enable(Table(Config{Log: slog.New(slog.DiscardHandler)}), []string{"ipmi", "idrac"}, nil)
	if err == nil || !strings.Contains(err.Error(), `"idrac"`) ||
		!strings.Contains(err.Error(), "[fake-hardware ipmi manual-management redfish wake-on-lan webhook snmp]") {
		t.Errorf("Enable(idrac) = %v", err)
	}
}

func TestKeys(t *testing.T) {
	for _, h := range enabled(t) {
		keys, properties := h.Keys(), h.Properties()
		if len(keys) != len(properties) {
			t.Errorf("%s: %d keys and %d properties", h.Name, len(keys), len(properties))
		}
		for name, k := range keys {
			if properties[name] != k.Doc || k.Doc == "" {
				t.Errorf("%s: %s is described as %q and %q", h.Name, name, k.Doc, properties[name])
			}
		}
		if want := map[string]int{"ipmi": 16, "redfish": 9, "wake-on-lan": 15, "manual-management": 1, "webhook": 19,
			"snmp": 14}[h.Name]; len(keys) != want {
			t.Errorf("%s: %d keys, want %d", h.Name, len(keys), want)
		}
	}
}

// What an operator must not read anywhere: the same keys are secret to the driver, to the
// masks of replies and errors, and to the page.
func TestSecretKeys(t *testing.T) {
	secret := map[string]bool{"ipmi_password": true, "ipmi_hex_kg_key": true, "wol_password": true, "redfish_password": true,
		"webhook_on_url": true, "webhook_off_url": true, "webhook_state_url": true, "webhook_on_body": true, "webhook_off_body": true,
		"webhook_headers": true, "webhook_password": true, "webhook_token": true,
		"snmp_community": true, "snmp_community_read": true, "snmp_community_write": true, "snmp_auth_key": true, "snmp_priv_key": true}
	for _, h := range enabled(t) {
		for name, k := range h.Keys() {
			if masked, public := baremetal.Secrets.Has(name), baremetal.Public(name); k.Secret != secret[name] || masked != secret[name] ||
				public == secret[name] {
				t.Errorf("%s: %s is secret: %v, masked: %v, on the page: %v; want secret %v", h.Name, name, k.Secret, masked, public, secret[name])
			}
		}
	}
}
