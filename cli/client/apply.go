package client

import (
	"fmt"
	"maps"
	"slices"
)

// A file of machines says what shall be registered. It is JSON, in the form of "openstack
// baremetal create" with what each node has below it:
//
//	{"nodes": [{"name": "pc-01", "driver": "manual-management", "ports": [{"address": "52:54:00:00:00:01"}],
//	  "volume_connectors": [], "volume_targets": [{"volume_type": "iscsi", "boot_index": 0, "volume_id": "root"}]}]}
//
// YAML of the same form, or CSV with a first line that names the columns: name and mac, and as needed driver, image
// or volume, and keys of driver_info.

// fileVerbs are the commands that take such a file.
var fileVerbs = []verb{
	{"create <file>", "Register the machines of a file (JSON, YAML or CSV, - for the standard input) that are all new", nothing, nil,
		func(c *call) error { return applyFile(c, true, false) }},
	{"apply <file>", "Bring the machines of a file (JSON, YAML or CSV, - for the standard input) to what it says, and leave all others alone",
		nothing,
		[]option{{name: "dry-run", kind: yes, field: "-",
			usage: "print what would be changed and which images and volumes are missing, and change nothing"},
			{name: "secrets", field: "-",
				usage: "file with the values that stand as ****** in the other (JSON: {NODE: {KEY: VALUE}}; the node * is every node)"}},
		func(c *call) error { return applyFile(c, false, c.has("dry-run")) }},
	{"export [<node>...]", "Print machines as a file for apply: all, or those named; of an appliance or another Ironic (--url)", nothing,
		[]option{{name: "external", kind: yes, field: "-", usage: "for an Ironic that has the storage interface external, and not iscsi"},
			{name: "default-interfaces", kind: yes, field: "-",
				usage: "leave the interfaces of the hardware out, so that the other side takes its own"}}, doExport},
}

// below are what a node has: the key in the file, the collection, and what tells two of them
// apart.
var below = []struct {
	key, words, path, list string
	names                  []string
}{
	{"portgroups", "port group", "/v1/portgroups", "portgroups", []string{"name", "address"}}, // before the ports in it
	{"ports", "port", "/v1/ports", "ports", []string{"address"}},
	{"volume_connectors", "volume connector", "/v1/volume/connectors", "connectors", []string{"type", "connector_id"}},
	{"volume_targets", "volume target", "/v1/volume/targets", "targets", []string{"boot_index"}},
}

// applyFile makes and changes what the file says, and prints a line for each change. What is
// as it says already is left alone, so that a second time changes nothing.
func applyFile(c *call, onlyNew, dry bool) error {
	chassis, nodes, short, err := readMachines(c.args[0], c.in)
	if err != nil {
		return err
	}
	if short {
		if err := c.checkColumns(nodes); err != nil {
			return misuse("%s: %w", c.args[0], err)
		}
	}
	secrets, err := readSecrets(c)
	if err != nil {
		return err
	}
	if err := (&applying{call: c, dry: dry}).chassis(chassis); err != nil {
		return err
	}
	named := references{c, map[string][]map[string]any{}}
	return c.each(slices.SortedFunc(maps.Keys(nodes), natural), func(name string) error {
		a := &applying{c, name, onlyNew, dry, secrets}
		if err := a.node(nodes[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !dry {
			return nil
		}
		return named.check(name, nodes[name])
	})
}
