package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"ironhook/baremetal"
)

// public are the keys of driver_info and of a target's properties whose values
// anybody who is logged in may read over a shoulder. Of every other key the page
// says only that it is set: a key that nobody thought of is no leak.
var public = map[string]bool{
	"ipmi_address": true, "ipmi_port": true, "ipmi_username": true, "ipmi_cipher_suite": true, "ipmi_priv_level": true,
	"ipmi_protocol_version": true, "ipmi_bridging": true, "ipmi_transit_address": true, "ipmi_target_address": true,
	"redfish_address": true, "redfish_system_id": true, "redfish_username": true, "redfish_verify_ca": true,
	"deploy_kernel": true, "deploy_ramdisk": true, "rescue_kernel": true, "rescue_ramdisk": true, "force_persistent_boot_device": true,
	"target_portal": true, "target_portals": true, "target_iqn": true, "target_iqns": true, "target_lun": true, "target_luns": true,
	"target_wwn": true, "auth_method": true, "access_mode": true, "volume_id": true,
}

// fact is one line of a machine's page.
type fact struct{ Name, Value string }

// facts lists o by key.
func facts(o baremetal.Object) []fact {
	var list []fact
	for _, key := range slices.Sorted(maps.Keys(o)) {
		list = append(list, fact{key, plain(o[key])})
	}
	return list
}

// guarded lists o by key, showing only what is public.
func guarded(o baremetal.Object) []fact {
	list := facts(o)
	for i, f := range list {
		if !public[f.Name] {
			list[i].Value = baremetal.Mask
		}
	}
	return list
}

// plain writes a value for a person, without the password that an address like
// https://user:word@bmc may carry.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if u, err := url.Parse(v); err == nil && u.User != nil {
			return u.Redacted()
		}
		return v
	case map[string]any, []any:
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(text)
	}
	return fmt.Sprint(value)
}
