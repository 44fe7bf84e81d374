package ipmi

import (
	"errors"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// Ironic's own words, recorded from Ironic 21.4.4, then ours for what it leaves to
// ipmitool.
func TestValidate(t *testing.T) {
	const address = "ipmi_address"
	for _, c := range []struct {
		info baremetal.Object
		want string
	}{
		{nil, "Missing the following IPMI credentials in node's driver_info: ['ipmi_address']."},
		{baremetal.Object{address: ""}, "Missing the following IPMI credentials in node's driver_info: ['ipmi_address']."},
		{baremetal.Object{address: "127.0.0.1"}, ""},
		{baremetal.Object{address: "bmc-07.example.org", "ipmi_username": "admin", "ipmi_password": "hunter2"}, ""},
		{baremetal.Object{address: "fd00::7"}, ""},
		{baremetal.Object{address: "a", "ipmi_port": "99999"}, `ipmi_port "99999" is not a valid port.`},
		{baremetal.Object{address: "a", "ipmi_port": "x"}, `ipmi_port "x" is not a valid integer.`},
		{baremetal.Object{address: "a", "ipmi_port": float64(16230)}, ""},
		{baremetal.Object{address: "a", "ipmi_password": float64(1234567890)}, ""},
		{baremetal.Object{address: "a", "ipmi_password": float64(12345678901234567890)},
			"ipmi_password is a JSON number, of which some digits are lost: set it as a text, in quotes"},
		{baremetal.Object{address: "a", "ipmi_priv_level": "GOD"},
			"Invalid privilege level value:GOD, the valid value can be one of ADMINISTRATOR, CALLBACK, OPERATOR, USER"},
		{baremetal.Object{address: "a", "ipmi_priv_level": "OPERATOR"}, ""},
		{baremetal.Object{address: "a", "ipmi_protocol_version": "3"},
			"Invalid IPMI protocol version value 3, the valid value can be one of 2.0, 1.5"},
		{baremetal.Object{address: "a", "ipmi_protocol_version": "2.0"}, ""},
		{baremetal.Object{address: "a", "ipmi_cipher_suite": "x"}, "Invalid cipher suite x, expected a number"},
		{baremetal.Object{address: "a", "ipmi_cipher_suite": float64(17)}, ""},
		{baremetal.Object{address: "a", "ipmi_bridging": "junk"},
			"Invalid value for ipmi_bridging: junk, the valid value can be one of: ['single', 'dual', 'no']"},
		{baremetal.Object{address: "a", "ipmi_bridging": "no"}, ""},
		{baremetal.Object{address: "a", "ipmi_hex_kg_key": "zz"}, ""}, // said when it is used
		{baremetal.Object{address: "a", "ipmi_hex_kg_key": "abc"}, "Number of ipmi_hex_kg_key characters is not even"},
		{baremetal.Object{address: "a", "ipmi_force_boot_device": "true"}, ""},

		{baremetal.Object{address: "a", "ipmi_bridging": "single"},
			"ipmi_bridging is single, but bridged requests are not supported: set ipmi_address to the BMC that is in charge of this machine and " +
				"remove ipmi_bridging"},
		{baremetal.Object{address: "a", "ipmi_cipher_suite": "8"},
			"ipmi_cipher_suite 8 is not supported: use 17 or 3, or remove it and both are tried"},
		{baremetal.Object{address: "a", "ipmi_cipher_suite": "3", "ipmi_protocol_version": "1.5"},
			"Cipher suites cannot be used with IPMI 1.5: remove ipmi_cipher_suite or ipmi_protocol_version"},
		{baremetal.Object{address: "a", "ipmi_username": strings.Repeat("u", 17)}, "ipmi_username has 17 bytes, IPMI has room for 16"},
		{baremetal.Object{address: "a", "ipmi_password": strings.Repeat("p", 21)}, "ipmi_password has 21 bytes, IPMI 2.0 has room for 20"},
		{baremetal.Object{address: "a", "ipmi_password": strings.Repeat("p", 17), "ipmi_protocol_version": "1.5"},
			"ipmi_password has 17 bytes, IPMI 1.5 has room for 16"},
		{baremetal.Object{address: "a", "ipmi_hex_kg_key": strings.Repeat("ab", 21)}, "ipmi_hex_kg_key has 42 digits, IPMI has room for 40"},
	} {
		got := ""
		if err := New(Config{}).Validate(&baremetal.Node{DriverInfo: c.info}); err != nil {
			got = err.Error()
			if !errors.Is(err, baremetal.ErrInvalid) {
				t.Errorf("Validate(%v) is not %v", c.info, baremetal.ErrInvalid)
			}
		}
		if got != c.want {
			t.Errorf("Validate(%v) = %q, want %q", c.info, got, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		info baremetal.Object
		want string
	}{
		{baremetal.Object{"ipmi_address": "192.0.2.7"}, "192.0.2.7:623"},
		{baremetal.Object{"ipmi_address": "fd00::7", "ipmi_port": "1623"}, "[fd00::7]:1623"},
		{baremetal.Object{"ipmi_address": "[fd00::7]"}, "[fd00::7]:623"},
	} {
		if got, err := parse(&baremetal.Node{DriverInfo: c.info}); got.address != c.want || err != nil {
			t.Errorf("parse(%v) = %q, %v, want %q", c.info, got.address, err, c.want)
		}
	}
}

func TestBootsUEFI(t *testing.T) {
	for _, c := range []struct {
		n    baremetal.Node
		want bool
	}{
		{baremetal.Node{}, true},
		{baremetal.Node{BootMode: "bios"}, false},
		{baremetal.Node{BootMode: "bios", Properties: baremetal.Object{"capabilities": "boot_mode:uefi"}}, true},
		{baremetal.Node{Properties: baremetal.Object{"capabilities": "iscsi_boot:True,boot_mode:bios"}}, false},
		{baremetal.Node{Properties: baremetal.Object{"capabilities": "boot_mode:bios"},
			InstanceInfo: baremetal.Object{"capabilities": map[string]any{"boot_mode": "uefi"}}}, true},
	} {
		if got := c.n.BootsUEFI(); got != c.want {
			t.Errorf("BootsUEFI of %+v = %v, want %v", c.n, got, c.want)
		}
	}
}
