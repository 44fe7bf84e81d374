package ipmi

import (
	"encoding/hex"
	"net"
	"strconv"
	"strings"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/ipmi/rmcp"
)

// info is the part of a node's driver_info that describes its BMC.
type info struct {
	address    string // host:port
	username   string
	password   string
	kg         string // hexadecimal
	level      rmcp.Level
	suites     []byte // to try in this order; 0 is IPMI 1.5
	keepsFlags bool   // switch the boot flags' timeout off
	supermicro bool
	uefi       bool
}

var levels = map[string]rmcp.Level{
	"ADMINISTRATOR": rmcp.Administrator, "CALLBACK": rmcp.Callback, "OPERATOR": rmcp.Operator, "USER": rmcp.User,
}

// Lengths that the protocol has room for.
const (
	maxUsername   = 16
	maxPassword   = 20
	maxPassword15 = 16
)

// parse reads driver_info. Its errors are Ironic's where Ironic has one, in
// Ironic's order.
func parse(n *baremetal.Node) (info, error) {
	d := n.DriverInfo
	if missing := baremetal.MissingKeys(baremetal.DriverKeys["ipmi"], d); len(missing) > 0 {
		return info{}, invalid("Missing the following IPMI credentials in node's driver_info: ['%s'].", strings.Join(missing, "', '"))
	}
	i := info{
		username:   driverinfo.Text(d, "ipmi_username", ""),
		password:   driverinfo.Text(d, "ipmi_password", ""),
		kg:         driverinfo.Text(d, "ipmi_hex_kg_key", ""),
		keepsFlags: driverinfo.Flag(d, "ipmi_disable_boot_timeout", true),
		supermicro: strings.EqualFold(n.Properties.Text("vendor"), "supermicro"),
		uefi:       n.BootsUEFI(),
	}
	for _, key := range []string{"ipmi_username", "ipmi_password"} {
		if driverinfo.Inexact(d, key) {
			return info{}, invalid("%s is a JSON number, of which some digits are lost: set it as a text, in quotes", key)
		}
	}
	version := driverinfo.Text(d, "ipmi_protocol_version", "2.0")
	if version != "2.0" && version != "1.5" {
		return info{}, invalid("Invalid IPMI protocol version value %s, the valid value can be one of 2.0, 1.5", version)
	}
	port, err := port(driverinfo.Text(d, "ipmi_port", "623"))
	if err != nil {
		return info{}, err
	}
	i.address = net.JoinHostPort(strings.Trim(driverinfo.Text(d, "ipmi_address", ""), "[]"), strconv.Itoa(port))
	if err := checkBridging(driverinfo.Text(d, "ipmi_bridging", "no")); err != nil {
		return info{}, err
	}
	level := driverinfo.Text(d, "ipmi_priv_level", "ADMINISTRATOR")
	var known bool
	if i.level, known = levels[level]; !known {
		return info{}, invalid("Invalid privilege level value:%s, the valid value can be one of ADMINISTRATOR, CALLBACK, OPERATOR, USER", level)
	}
	if len(i.kg)%2 != 0 {
		return info{}, invalid("Number of ipmi_hex_kg_key characters is not even")
	}
	if i.suites, err = suites(driverinfo.Text(d, "ipmi_cipher_suite", ""), version); err != nil {
		return info{}, err
	}
	return i, i.checkLengths(version)
}

func checkBridging(bridging string) error {
	switch bridging {
	case "no":
		return nil
	case "single", "dual":
		return invalid("ipmi_bridging is %s, but bridged requests are not supported: set ipmi_address to the BMC that is in charge of this "+
			"machine and remove ipmi_bridging", bridging)
	}
	return invalid("Invalid value for ipmi_bridging: %s, the valid value can be one of: ['single', 'dual', 'no']", bridging)
}

func port(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, invalid(`ipmi_port "%s" is not a valid integer.`, s)
	}
	if n < 1 || n > 65535 {
		return 0, invalid(`ipmi_port "%s" is not a valid port.`, s)
	}
	return n, nil
}

func suites(wanted, version string) ([]byte, error) {
	switch {
	case version == "1.5" && wanted != "":
		return nil, invalid("Cipher suites cannot be used with IPMI 1.5: remove ipmi_cipher_suite or ipmi_protocol_version")
	case version == "1.5":
		return []byte{0}, nil
	case wanted == "":
		return rmcp.Suites(), nil
	}
	n, err := strconv.Atoi(wanted)
	if err != nil {
		return nil, invalid("Invalid cipher suite %s, expected a number", wanted)
	}
	for _, id := range rmcp.Suites() {
		if int(id) == n {
			return []byte{id}, nil
		}
	}
	return nil, invalid("ipmi_cipher_suite %d is not supported: use 17 or 3, or remove it and both are tried", n)
}

func (i info) checkLengths(version string) error {
	most := maxPassword
	if version == "1.5" {
		most = maxPassword15
	}
	switch {
	case len(i.username) > maxUsername:
		return invalid("ipmi_username has %d bytes, IPMI has room for %d", len(i.username), maxUsername)
	case len(i.password) > most:
		return invalid("ipmi_password has %d bytes, IPMI %s has room for %d", len(i.password), version, most)
	case len(i.kg) > 2*maxPassword:
		return invalid("ipmi_hex_kg_key has %d digits, IPMI has room for %d", len(i.kg), 2*maxPassword)
	}
	return nil
}

// config is the configuration of a session. It checks that the Kg key is hexadecimal;
// Validate does not, as in Ironic.
func (i info) config(suite byte) (rmcp.Config, error) {
	kg, err := hex.DecodeString(i.kg)
	if err != nil {
		return rmcp.Config{}, invalid("ipmi_hex_kg_key is not hexadecimal")
	}
	return rmcp.Config{Address: i.address, Username: i.username, Password: i.password, KG: kg, Level: i.level, Suite: suite}, nil
}

func invalid(format string, args ...any) error {
	return baremetal.Errorf(baremetal.ErrInvalid, format, args...)
}
