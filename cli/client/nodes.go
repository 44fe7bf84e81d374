package client

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// fields of a node that create and set send unchanged.
var nodeText = []option{
	{name: "name", usage: "unique name"},
	{name: "resource-class", usage: "class for allocations"},
	{name: "conductor-group", usage: "group of conductors it belongs to"},
	{name: "owner", usage: "its owner"},
	{name: "lessee", usage: "who uses it"},
	{name: "description", usage: "what it is"},
	{name: "chassis-uuid", usage: "UUID of its chassis"},
	{name: "automated-clean", kind: yes, usage: "clean it automatically"},
	{name: "no-automated-clean", kind: no, field: "automated_clean", usage: "never clean it automatically"},
	{name: "instance-name", usage: "name of the instance on it, for people"},
	{name: "parent-node", kind: aNode, usage: "name or UUID of the node that it is a part of"},
	{name: "disable-power-off", kind: yes, usage: "never switch it off"},
	{name: "enable-power-off", kind: no, field: "disable_power_off", usage: "it may be switched off"},
	{name: "firmware-interface", usage: "firmware interface"},
	{name: "network-data", kind: document, usage: "static network configuration: JSON, a file of it, or -"},
	{name: "driver-info", kind: pairs, usage: "what the driver needs, as KEY=VALUE (repeatable)"},
	properties, extra,
}

func nodes() resource {
	r := resource{
		words: "node", path: "/v1/nodes", list: "nodes", short: "machines", id: nodeOfInstance,
		drop:    []string{"ports", "portgroups", "states", "volume"},
		columns: []string{"uuid", "name", "instance_uuid", "power_state", "provision_state", "maintenance"},
		detail: []string{"allocation_uuid", "automated_clean", "bios_interface", "boot_interface", "boot_mode", "chassis_uuid", "clean_step",
			"conductor", "conductor_group", "console_enabled", "console_interface", "created_at", "raid_config", "deploy_interface",
			"deploy_step", "description", "driver", "driver_info", "driver_internal_info", "extra", "fault", "inspect_interface",
			"inspection_finished_at", "inspection_started_at", "instance_info", "instance_uuid", "last_error", "lessee", "maintenance",
			"maintenance_reason", "management_interface", "name", "network_data", "network_interface", "owner", "power_interface",
			"power_state", "properties", "protected", "protected_reason", "provision_updated_at", "provision_state", "raid_interface",
			"rescue_interface", "reservation", "resource_class", "retired", "retired_reason", "secure_boot", "storage_interface",
			"target_power_state", "target_provision_state", "target_raid_config", "traits", "uuid", "updated_at", "vendor_interface"},
		create: append([]option{{name: "driver", must: true, usage: "how it is controlled, as driver list names it"}, ownUUID}, nodeText...),
		set: append([]option{
			{name: "driver", usage: "how it is controlled"},
			{name: "reset-interfaces", kind: yes, field: "-", usage: "with --driver: interfaces that are not given take their defaults"},
			{name: "instance-uuid", usage: "UUID of the instance on it"},
			{name: "instance-info", kind: pairs, usage: "what the instance needs, as KEY=VALUE (repeatable)"},
			{name: "protected", kind: yes, usage: "keep it from being undeployed, rebuilt or deleted"},
			{name: "protected-reason", usage: "why"},
			{name: "retired", kind: yes, usage: "keep it from being used again"},
			{name: "retired-reason", usage: "why"},
		}, nodeText...),
		filter: nodeFilters,
	}
	for _, kind := range interfaceKinds {
		o := option{name: kind + "-interface", usage: kind + " interface"}
		r.create, r.set, r.unset = append(r.create, o), append(r.set, o), append(r.unset, removal(o.name, ""))
		r.set = append(r.set, option{name: "reset-" + o.name, kind: reset, field: kind + "_interface", usage: "take the driver's default"})
	}
	for _, name := range []string{"instance-uuid", "name", "chassis-uuid", "resource-class", "conductor-group", "automated-clean",
		"network-data", "protected", "protected-reason", "retired", "retired-reason", "owner", "lessee", "description", "instance-name",
		"parent-node",
		"firmware-interface"} {
		r.unset = append(r.unset, removal(name, ""))
	}
	r.unset = append(r.unset, property, extraKey,
		option{name: "driver-info", kind: words, usage: "remove this key (repeatable)"},
		option{name: "instance-info", kind: words, usage: "remove this key (repeatable)"})
	return r
}

var nodeFilters = []option{
	{name: "maintenance", kind: yes, usage: "only those in maintenance"},
	{name: "no-maintenance", kind: no, field: "maintenance", usage: "only those not in maintenance"},
	{name: "retired", kind: yes, usage: "only those retired"},
	{name: "no-retired", kind: no, field: "retired", usage: "only those not retired"},
	{name: "associated", kind: yes, usage: "only those with an instance"},
	{name: "unassociated", kind: no, field: "associated", usage: "only those without an instance"},
	{name: "fault", usage: "only those with this fault"},
	{name: "provision-state", usage: "only those in this state"},
	{name: "driver", usage: "only those with this driver"},
	{name: "resource-class", usage: "only those of this class"},
	{name: "conductor-group", usage: "only those of this group"},
	{name: "conductor", usage: "only those of this conductor"},
	{name: "chassis", field: "chassis_uuid", usage: "only those of this chassis"},
	{name: "owner", usage: "only those of this owner"},
	{name: "lessee", usage: "only those of this lessee"},
	{name: "description-contains", usage: "only those with these words in the description"},
	{name: "instance-name", usage: "only those with this instance"},
	{name: "parent-node", usage: "only the parts of this node, by UUID"},
	{name: "include-children", kind: yes, usage: "parts of nodes, too"},
}

// nodeOfInstance finds a node by its instance, where that was asked for.
func nodeOfInstance(c *call, typed string) (string, error) {
	if !c.has("instance") {
		return typed, nil
	}
	found, err := c.pages("/v1/nodes", "nodes", url.Values{"instance_uuid": {typed}, "fields": {"uuid"}})
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no node has the instance %s", typed)
	}
	return plain(found[0]["uuid"]), nil
}

// part is the path of something below the node in the first argument.
func (c *call) part(path string) string { return "/v1/nodes/" + url.PathEscape(c.args[0]) + path }

// put sends the options, and what is fixed, to something below the node.
func put(method, path string, fixed map[string]any) func(*call) error {
	return func(c *call) error {
		body, err := c.body()
		if err != nil {
			return err
		}
		for key, value := range fixed {
			body[key] = value
		}
		_, err = c.do(c.ctx, method, c.part(path), body)
		return err
	}
}

// nodeParts are the commands on what a node has below it.
func nodeParts() []verb {
	set := http.MethodPut
	return []verb{
		{"node maintenance set <node>", "Put a machine into maintenance", nothing, []option{{name: "reason", usage: "why"}},
			put(set, "/maintenance", nil)},
		{"node maintenance unset <node>", "Take a machine out of maintenance", nothing, nil, func(c *call) error {
			_, err := c.do(c.ctx, http.MethodDelete, c.part("/maintenance"), nil)
			return err
		}},
		{"node boot device set <node> <device>", "Set what a machine boots from", nothing,
			[]option{{name: "persistent", kind: yes, usage: "for all boots to come"}}, func(c *call) error {
				return put(set, "/management/boot_device", map[string]any{"boot_device": c.args[1], "persistent": c.has("persistent")})(c)
			}},
		{"node boot device show <node>", "Show what a machine boots from", one,
			[]option{{name: "supported", kind: yes, field: "-", usage: "what it can boot from"}}, bootDevice},
		{"node boot mode set <node> <mode>", "Set the boot mode, uefi or bios", nothing, nil, func(c *call) error {
			return put(set, "/states/boot_mode", map[string]any{"target": c.args[1]})(c)
		}},
		{"node secure boot on <node>", "Turn on secure boot", nothing, nil, put(set, "/states/secure_boot", map[string]any{"target": true})},
		{"node secure boot off <node>", "Turn off secure boot", nothing, nil, put(set, "/states/secure_boot", map[string]any{"target": false})},
		{"node console enable <node>", "Enable the console", nothing, nil, put(set, "/states/console", map[string]any{"enabled": true})},
		{"node console disable <node>", "Disable the console", nothing, nil, put(set, "/states/console", map[string]any{"enabled": false})},
		{"node console show <node>", "Show the console", one, nil, fieldsOf("/states/console")},
		{"runbook trait list <runbook>", "List the traits by which nodes may use a runbook", many, nil, func(c *call) error {
			answer, err := c.get(c.ctx, "/v1/runbooks/"+url.PathEscape(c.args[0])+"/traits")
			if err != nil {
				return err
			}
			return c.show(listed(answer["traits"], "name"))
		}},
		{"runbook trait add <runbook> <trait>", "Let nodes with a trait use a runbook", nothing, nil, runbookTrait(http.MethodPut)},
		{"runbook trait remove <runbook> <trait>", "Take a trait from a runbook", nothing, nil, runbookTrait(http.MethodDelete)},
		{"node children list <node>", "List the nodes that are parts of one", many, nil, listOf("/children", "children", "child_node_uuid")},
		{"node firmware list <node>", "List the firmware of a machine's components", many, nil,
			listOf("/firmware", "firmware", "component", "initial_version", "current_version", "last_version_flashed")},
		{"node vmedia attach <node> <device-type> <image-url>", "Attach an image as virtual media", nothing,
			[]option{{name: "image-download-source", usage: "who fetches it", choices: []string{"http", "local", "swift"}}}, func(c *call) error {
				return put(http.MethodPost, "/vmedia", map[string]any{"device_type": c.args[1], "image_url": c.args[2]})(c)
			}},
		{"node vmedia detach <node>", "Detach virtual media", nothing,
			[]option{{name: "device-type", kind: words, field: "-", usage: "only of this type (repeatable)"}}, detachMedia},
		{"node vmedia show <node>", "Show virtual media", one, nil, fieldsOf("/vmedia")},
		{"node inject nmi <node>", "Inject a non-maskable interrupt", nothing, nil, put(set, "/management/inject_nmi", nil)},
		{"node validate <node>", "Say what keeps a machine from being deployed", many, nil, validate},
		{"node trait list <node>", "List the traits of a machine", many, nil, listTraits},
		{"node add trait <node> <trait>...", "Add traits to a machine", nothing, nil, trait(http.MethodPut, "Added")},
		{"node remove trait <node> <trait>...", "Remove traits from a machine", nothing, nil, trait(http.MethodDelete, "Removed")},
		{"node history list <node>", "List what went wrong with a machine", many,
			[]option{{name: "long", kind: yes, field: "-", usage: "show everything"}}, history},
		{"node history get <node> <event>", "Show one thing that went wrong", one, nil, func(c *call) error {
			return fieldsOf("/history/" + url.PathEscape(c.args[1]))(c)
		}},
	}
}

// driverParts are the commands on what a driver has below it.
func driverParts() []verb {
	return []verb{{"driver property list <driver>", "List what a driver needs to know", many, nil, func(c *call) error {
		answer, err := c.get(c.ctx, "/v1/drivers/"+url.PathEscape(c.args[0])+"/properties")
		if err != nil {
			return err
		}
		f := resource{}.findings(answer).upright()
		f.columns = []string{"Property", "Description"}
		return c.show(f)
	}}}
}

// fieldsOf shows the fields of something below the node.
func fieldsOf(path string) func(*call) error {
	return func(c *call) error {
		answer, err := c.get(c.ctx, c.part(path))
		if err != nil {
			return err
		}
		return c.show(resource{}.findings(answer))
	}
}

func bootDevice(c *call) error {
	path := "/management/boot_device"
	if c.has("supported") {
		path += "/supported"
	}
	answer, err := c.get(c.ctx, c.part(path))
	if err != nil {
		return err
	}
	return c.show(resource{joined: true}.findings(answer))
}

func validate(c *call) error {
	answer, err := c.get(c.ctx, c.part("/validate"))
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Interface", "Result", "Reason"}}
	row := resource{}.findings(answer)
	for i, name := range row.columns {
		verdict, _ := row.rows[0][i].(map[string]any)
		reason := verdict["reason"]
		if reason == nil {
			reason = ""
		}
		f.rows = append(f.rows, []any{name, verdict["result"], reason})
	}
	return c.show(f)
}

func listTraits(c *call) error {
	answer, err := c.get(c.ctx, c.part("/traits"))
	if err != nil {
		return err
	}
	return c.show(listed(answer["traits"], "Traits"))
}

func trait(method, done string) func(*call) error {
	return func(c *call) error {
		return c.each(c.args[1:], func(name string) error {
			if _, err := c.do(c.ctx, method, c.part("/traits/"+url.PathEscape(name)), nil); err != nil {
				return fmt.Errorf("trait %s: %w", name, err)
			}
			_, err := fmt.Fprintf(c.out, "%s trait %s\n", done, name)
			return err
		})
	}
}

func history(c *call) error {
	path, columns := "/history", []string{"uuid", "created_at", "severity", "event"}
	if c.has("long") {
		path += "/detail"
		columns = slices.Insert(append(columns, "conductor", "user"), 3, "event_type")
	}
	found, err := c.pages(c.part(path), "history", url.Values{})
	if err != nil {
		return err
	}
	return c.show(resource{}.tabulate(found, columns))
}

// listOf lists what the node has at the path under the key: texts, or objects with these columns.
func listOf(path, key string, columns ...string) func(*call) error {
	return func(c *call) error {
		answer, err := c.get(c.ctx, c.part(path))
		if err != nil {
			return err
		}
		return c.show(listed(answer[key], columns...))
	}
}

func listed(list any, columns ...string) findings {
	f := findings{columns: columns}
	items, _ := list.([]any)
	for _, item := range items {
		row := []any{item}
		if thing, ok := item.(map[string]any); ok {
			row = nil
			for _, column := range columns {
				row = append(row, thing[column])
			}
		}
		f.rows = append(f.rows, row)
	}
	return f
}

func runbookTrait(method string) func(*call) error {
	return func(c *call) error {
		_, err := c.do(c.ctx, method, "/v1/runbooks/"+url.PathEscape(c.args[0])+"/traits/"+url.PathEscape(c.args[1]), nil)
		return err
	}
}

func detachMedia(c *call) error {
	path := c.part("/vmedia")
	if types, ok := c.value("device-type").([]string); ok {
		path += "?device_types=" + url.QueryEscape(strings.Join(types, ","))
	}
	_, err := c.do(c.ctx, http.MethodDelete, path, nil)
	return err
}
