package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// machineFile is what apply reads and export writes.
type machineFile struct {
	Chassis []map[string]any `json:"chassis,omitempty"`
	Nodes   []map[string]any `json:"nodes"`
}

// carried are the fields that a client can set, by the collection: what moves from one Ironic
// to another. What a node is doing stays behind: states, faults, steps, and what is deployed.
var carried = map[string][]string{
	"chassis": {"uuid", "description", "extra"},
	"nodes": {"uuid", "name", "driver", "driver_info", "properties", "extra", "network_data", "resource_class", "chassis_uuid", "owner",
		"lessee",
		"description", "conductor_group", "automated_clean", "shard", "parent_node", "traits", "disable_power_off", "instance_name",
		"bios_interface", "boot_interface", "console_interface", "deploy_interface", "firmware_interface", "inspect_interface",
		"management_interface", "network_interface", "power_interface", "raid_interface", "rescue_interface", "storage_interface",
		"vendor_interface"},
	"portgroups": {"uuid", "name", "address", "mode", "properties", "standalone_ports_supported", "extra", "physical_network", "category"},
	"ports": {"uuid", "address", "portgroup_uuid", "local_link_connection", "pxe_enabled", "physical_network", "is_smartnic", "extra",
		"name", "description", "vendor", "category"},
	"connectors": {"uuid", "type", "connector_id", "extra"},
	"targets":    {"uuid", "volume_type", "boot_index", "volume_id", "properties", "extra"},
}

// silent are the values that say nothing: an older Ironic would refuse the field for its name.
var silent = map[string]any{"disable_power_off": false, "is_smartnic": false}

// carry keeps what moves of a resource.
func carry(list string, from map[string]any) map[string]any {
	to := map[string]any{}
	for _, key := range carried[list] {
		switch v := from[key].(type) {
		case nil:
		case string, map[string]any, []any:
			if reflect.ValueOf(v).Len() > 0 {
				to[key] = v
			}
		default:
			if quiet, ok := silent[key]; !ok || quiet != v {
				to[key] = v
			}
		}
	}
	return to
}

// doExport prints the machines, and says on the other stream what cannot be read.
func doExport(c *call) error {
	nodes, err := c.exported()
	if err != nil {
		return err
	}
	file := machineFile{Nodes: []map[string]any{}}
	used := map[string]bool{}
	slices.SortFunc(nodes, func(a, b map[string]any) int { // the same file, in whatever order they were made
		return cmp.Or(natural(plainOr(a["name"], ""), plainOr(b["name"], "")), cmp.Compare(plain(a["uuid"]), plain(b["uuid"])))
	})
	for _, n := range nodes {
		one, err := c.machine(n)
		if err != nil {
			return err
		}
		used[plainOr(one["chassis_uuid"], "")] = true
		file.Nodes = append(file.Nodes, one)
	}
	if err := c.noteStaying(nodes); err != nil {
		return err
	}
	chassis, err := c.pages("/v1/chassis", "chassis", url.Values{"detail": {"True"}})
	if err != nil {
		return err
	}
	for _, one := range chassis {
		if used[plain(one["uuid"])] {
			file.Chassis = append(file.Chassis, carry("chassis", one))
		}
	}
	if hidden := countMasked(file.Nodes); hidden > 0 {
		if _, err := fmt.Fprintf(c.errs, "%d secrets cannot be read back and stand as %s; give them to apply with --secrets\n", hidden,
			masked); err != nil {
			return err
		}
	}
	b := new(bytes.Buffer)
	e := json.NewEncoder(b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(file); err != nil {
		return err
	}
	_, err = c.out.Write(harmlessJSON(b.Bytes()))
	return err
}

// staying are the fields that a client can set and that do not move: they say what is done with a node now.
var staying = []string{"instance_info", "maintenance", "protected", "retired"}

// noteStaying names, on the other stream, the nodes whose operator has to set such a field again.
func (c *call) noteStaying(nodes []map[string]any) error {
	for _, field := range staying {
		var names []string
		for _, n := range nodes {
			if inner, ok := n[field].(map[string]any); ok && len(inner) > 0 || n[field] == true {
				names = append(names, plainOr(n["name"], plainOr(n["uuid"], "")))
			}
		}
		if len(names) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(c.errs, "%s stays behind, of %s\n", field, strings.Join(names, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// machine is a node as the file has it, with what is below it.
func (c *call) machine(n map[string]any) (map[string]any, error) {
	one := carry("nodes", n)
	if c.has("external") && one["storage_interface"] == "iscsi" {
		one["storage_interface"] = "external"
	}
	if c.has("default-interfaces") {
		maps.DeleteFunc(one, func(key string, _ any) bool {
			return strings.HasSuffix(key, "_interface") && key != "storage_interface"
		})
	}
	for _, part := range below {
		list, err := c.pages(part.path, part.list, url.Values{"node": {plain(n["uuid"])}, "detail": {"True"}})
		if err != nil {
			return nil, err
		}
		var parts []any
		for _, p := range list {
			parts = append(parts, carry(part.list, p))
		}
		if len(parts) > 0 {
			one[part.key] = parts
		}
	}
	return one, nil
}

// exported reads the nodes named, or all.
func (c *call) exported() (nodes []map[string]any, err error) {
	if len(c.args) == 0 {
		return c.pages("/v1/nodes", "nodes", url.Values{"detail": {"True"}})
	}
	for _, name := range c.args {
		n, err := c.get(c.ctx, "/v1/nodes/"+url.PathEscape(name))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// countMasked is how many secrets do not stand in a value.
func countMasked(v any) (n int) {
	switch v := v.(type) {
	case string:
		if v == masked {
			return 1
		}
	case map[string]any:
		for _, inner := range v {
			n += countMasked(inner)
		}
	case []any:
		for _, inner := range v {
			n += countMasked(inner)
		}
	case []map[string]any:
		for _, inner := range v {
			n += countMasked(inner)
		}
	}
	return n
}
