package client

import (
	"cmp"
	"fmt"
	"strings"
)

// interfaceKinds are the interfaces of a node's driver.
var interfaceKinds = []string{"bios", "boot", "console", "deploy", "inspect", "management", "network", "power", "raid", "rescue", "storage",
	"vendor"}

func interfaceFields(format string) []string {
	var all []string
	for _, kind := range interfaceKinds {
		all = append(all, fmt.Sprintf(format, kind))
	}
	return all
}

// labels are the headings that are not the field's name in title case.
var labels = map[string]string{
	"event":              "Description of the event",
	"event_type":         "Event Origin Type",
	"hosts":              "Active host(s)",
	"is_smartnic":        "Is Smart NIC port",
	"network_data":       "Network Configuration",
	"provision_state":    "Provisioning State",
	"pxe_enabled":        "PXE boot enabled",
	"raid_config":        "Current RAID configuration",
	"target_raid_config": "Target RAID configuration",
	"volume_type":        "Driver Volume Type",
	"driver name":        "Supported driver(s)",
	"http_methods":       "Supported HTTP methods",
}

// initials are the words of a heading that stand in capitals.
var initials = map[string]string{"uuid": "UUID", "id": "ID", "bios": "BIOS", "raid": "RAID", "url": "URL"}

// label is the heading of a field of a resource, in the words of OpenStack's client.
func label(words, field string) string {
	if known := cmp.Or(labels[words+" "+field], labels[field]); known != "" {
		return known
	}
	parts := strings.Split(field, "_")
	for i, p := range parts {
		parts[i] = cmp.Or(initials[p], strings.ToUpper(p[:min(1, len(p))])+p[min(1, len(p)):])
	}
	return strings.Join(parts, " ")
}
