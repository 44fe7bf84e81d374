package ipxe

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// disk is one volume as iPXE reaches it: checked words only.
type disk struct {
	paths                        []string // iSCSI root paths (RFC 4173 section 5)
	iqn                          string   // of the first path
	user, password               string   // CHAP, "" for none
	reverseUser, reversePassword string   // the target's own CHAP, "" for none
}

// diskOf reads a target's properties:
//
//	target_portal, target_iqn, target_lun       one path
//	target_portals, target_iqns, target_luns    several paths, a list each
//	auth_method, auth_username, auth_password   CHAP
//	reverse_auth_username, reverse_auth_password   mutual CHAP: the target's proof of itself
//
// and of Fibre Channel over Ethernet:
//
//	target_wwn, target_lun      one path: the array's port (WWPN)
//	target_wwns, target_luns    several paths
func diskOf(t *baremetal.VolumeTarget) (disk, error) {
	fail := func(field string, err error) (disk, error) {
		return disk{}, baremetal.Errorf(baremetal.ErrInvalid, "Volume target %s: properties.%s %v.", t.UUID, field, err)
	}
	var d disk
	if t.FibreChannel() {
		paths, field, err := fibrePaths(t.Properties)
		if err != nil {
			return fail(field, err)
		}
		return disk{paths: paths}, nil
	}
	portals, field, err := several(t.Properties, "target_portal", "target_portals")
	if err != nil {
		return fail(field, err)
	}
	for i := range portals {
		path, name, field, err := pathOf(t.Properties, portals, i)
		if err != nil {
			return fail(field, err)
		}
		d.paths = append(d.paths, path)
		if i == 0 {
			d.iqn = name
		}
	}
	if field, err := d.authenticate(t.Properties); err != nil {
		return fail(field, err)
	}
	return d, nil
}

// RootPath is where firmware finds a volume of iSCSI (RFC 4173 section 5), by its first
// path. Its error is that of [BootVolumes].
func RootPath(t *baremetal.VolumeTarget) (string, error) {
	d, err := diskOf(t)
	if err != nil {
		return "", err
	}
	return d.paths[0], nil
}

// CheckTarget returns what a boot script cannot express of a volume target of iSCSI or Fibre
// Channel, as [BootVolumes] would, nil for nothing.
func CheckTarget(t *baremetal.VolumeTarget) error {
	_, err := diskOf(t)
	return err
}

// pathOf makes the root path through the i-th portal. On an error, field names
// the property that is wrong.
func pathOf(p baremetal.Object, portals []any, i int) (path, name, field string, err error) {
	text, _ := portals[i].(string)
	server, err := portal(text)
	if err != nil {
		return "", "", "target_portal", err
	}
	value, field, err := nth(p, "target_iqn", "target_iqns", i, len(portals))
	if err != nil {
		return "", "", field, err
	}
	text, _ = value.(string)
	if name, err = iqn(text); err != nil {
		return "", "", field, err
	}
	value, field, err = nth(p, "target_lun", "target_luns", i, len(portals))
	if err != nil {
		return "", "", field, err
	}
	number, err := lun(value)
	if err != nil {
		return "", "", field, err
	}
	return fmt.Sprintf("iscsi:%s:%x:%s", server, number, name), name, "", nil
}

// fibrePaths makes iPXE's URIs fcp:WWPN:LUN, one for each of the array's ports
// (fcp_parse_uri in its source).
func fibrePaths(p baremetal.Object) (paths []string, field string, err error) {
	ports, field, err := several(p, "target_wwn", "target_wwns")
	if err != nil {
		return nil, field, err
	}
	for i := range ports {
		port, err := wwn(ports[i])
		if err != nil {
			return nil, field, err
		}
		value, field, err := nth(p, "target_lun", "target_luns", i, len(ports))
		if err != nil {
			return nil, field, err
		}
		number, err := lun(value)
		if err != nil {
			return nil, field, err
		}
		paths = append(paths, fmt.Sprintf("fcp:%s:%x", port, number))
	}
	return paths, "", nil
}

// wwn reads a World Wide Name: 16 hexadecimal digits, with or without colons between the
// bytes. iPXE wants the colons.
func wwn(v any) (string, error) {
	text, _ := v.(string)
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(b) != 8 || len(text) != 16 && len(text) != 23 {
		return "", fmt.Errorf("is not a World Wide Name of 16 hexadecimal digits, like 50:06:01:60:3b:a0:11:22")
	}
	return net.HardwareAddr(b).String(), nil
}

// several returns the list property, or the single one as a list.
func several(p baremetal.Object, one, many string) (values []any, field string, err error) {
	if list, ok := p[many].([]any); ok && len(list) > 0 {
		if len(list) > 8 {
			return nil, many, fmt.Errorf("has more than 8 entries")
		}
		return list, many, nil
	}
	if v, ok := p[one]; ok && v != nil {
		return []any{v}, one, nil
	}
	return nil, one, fmt.Errorf("is missing")
}

// nth is the value that belongs to the i-th of n portals: its own, or the one
// that all of them share.
func nth(p baremetal.Object, one, many string, i, n int) (any, string, error) {
	values, field, err := several(p, one, many)
	switch {
	case err != nil:
		return nil, field, err
	case len(values) == 1:
		return values[0], field, nil
	case len(values) != n:
		return nil, field, fmt.Errorf("has %d entries for %d portals", len(values), n)
	}
	return values[i], field, nil
}

// lun reads a LUN: an integer, or a string of digits as some callers send it.
// iPXE wants it in hexadecimal (scsi_parse_lun in its source).
func lun(v any) (uint16, error) {
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok && f == math.Trunc(f) { // a JSON number
		text = strconv.FormatFloat(f, 'f', 0, 64)
	} else if number, ok := v.(json.Number); ok {
		text = number.String()
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("is not a whole number from 0 to 65535")
	}
	return uint16(n), nil
}

// authenticate reads the CHAP properties. On an error it names the field.
func (d *disk) authenticate(p baremetal.Object) (field string, err error) {
	method := p.Text("auth_method")
	if method != "" && !strings.EqualFold(method, "CHAP") && !strings.EqualFold(method, "None") {
		return "auth_method", fmt.Errorf("is neither CHAP nor None, and iPXE knows no other")
	}
	if strings.EqualFold(method, "None") {
		return "", nil
	}
	if field, err := pair(p, "auth_username", "auth_password", &d.user, &d.password); err != nil {
		return field, err
	}
	if d.user == "" && method != "" {
		return "auth_username", fmt.Errorf("is missing although auth_method is CHAP")
	}
	field, err = pair(p, "reverse_auth_username", "reverse_auth_password", &d.reverseUser, &d.reversePassword)
	if err == nil && d.reverseUser != "" && d.user == "" {
		return "reverse_auth_username", fmt.Errorf("is set without auth_username: a target proves itself only to an initiator that does")
	}
	return field, err
}

// pair reads a user and a secret: both or neither.
func pair(p baremetal.Object, userKey, secretKey string, user, secret *string) (field string, err error) {
	u, s := p.Text(userKey), p.Text(secretKey)
	if u == "" && s == "" {
		return "", nil
	}
	if *user, err = word(u); err != nil {
		return userKey, err
	}
	if *secret, err = word(s); err != nil {
		return secretKey, err
	}
	return "", nil
}
