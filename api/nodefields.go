package api

import (
	"ironhook/baremetal"
	"ironhook/store"
)

type node = baremetal.Node

func nodeUUID(n *node) string { return n.UUID }

// nodes is the node's field table, in Ironic's order of showing.
var nodes = newResource(resource[node]{
	plural: "nodes", path: "nodes", body: "node", ident: "node_ident",
	rows: (*store.Tx).Nodes, uuid: nodeUUID,
	brief:   []string{"instance_uuid", "maintenance", "power_state", "provision_state", "uuid", "name"},
	invalid: func(name string) error { return invalid("Field %s is not a valid field.", name) },
	fields: []field[node]{
		ident("uuid", 1, brief|create, func(n *node) *string { return &n.UUID }),
		stamp("created_at", 1, implicit, func(n *node) *timeOf { return &n.CreatedAt }),
		stamp("updated_at", 1, implicit, func(n *node) *timeOf { return &n.UpdatedAt }),
		tristate("automated_clean", 47, create|patch, func(n *node) **bool { return &n.AutomatedClean }),
		iface("bios", 40),
		iface("boot", 31),
		text("boot_mode", 75, create, func(n *node) *string { return &n.BootMode }),
		secret("clean_step", 7, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.CleanStep }),
		word("conductor_group", 46, create|patch, func(n *node) *string { return &n.ConductorGroup }).
			with(&schema{types: []string{"string", "null"}}),
		flag("console_enabled", 1, create, func(n *node) *bool { return &n.ConsoleEnabled }),
		iface("console", 31),
		iface("deploy", 31),
		secret("deploy_step", 44, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DeployStep }),
		text("description", 51, create|patch, func(n *node) *string { return &n.Description }).max(4096),
		word("driver", 1, create|patch|required, func(n *node) *string { return &n.Driver }),
		secret("driver_info", 1, create|patch, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DriverInfo }),
		secret("driver_internal_info", 3, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DriverInternalInfo }),
		object("extra", 1, create|patch, func(n *node) *baremetal.Object { return &n.Extra }),
		text("fault", 42, 0, func(n *node) *string { return &n.Fault }),
		stamp("inspection_finished_at", 6, 0, func(n *node) *timeOf { return &n.InspectionFinishedAt }),
		stamp("inspection_started_at", 6, 0, func(n *node) *timeOf { return &n.InspectionStartedAt }),
		iface("inspect", 31),
		secret("instance_info", 1, create|patch, baremetal.InstanceSecrets, func(n *node) *baremetal.Object { return &n.InstanceInfo }),
		ident("instance_uuid", 1, brief|create|patch, func(n *node) *string { return &n.InstanceUUID }),
		text("last_error", 1, 0, func(n *node) *string { return &n.LastError }),
		text("lessee", 65, create|patch, func(n *node) *string { return &n.Lessee }),
		flag("maintenance", 1, brief|create|patch, func(n *node) *bool { return &n.Maintenance }),
		text("maintenance_reason", 1, 0, func(n *node) *string { return &n.MaintenanceReason }),
		iface("management", 31),
		text("name", 5, brief|create|patch, func(n *node) *string { return &n.Name }),
		object("network_data", 66, create|patch, func(n *node) *baremetal.Object { return &n.NetworkData }).with(networkData),
		iface("network", 20),
		text("owner", 50, create|patch, func(n *node) *string { return &n.Owner }),
		iface("power", 31),
		text("power_state", 1, brief, func(n *node) *baremetal.PowerState { return &n.PowerState }),
		object("properties", 1, create|patch, func(n *node) *baremetal.Object { return &n.Properties }),
		flag("protected", 48, patch, func(n *node) *bool { return &n.Protected }),
		text("protected_reason", 48, patch, func(n *node) *string { return &n.ProtectedReason }),
		provisionState(),
		stamp("provision_updated_at", 1, 0, func(n *node) *timeOf { return &n.ProvisionUpdatedAt }),
		object("raid_config", 12, 0, func(n *node) *baremetal.Object { return &n.RAIDConfig }),
		iface("raid", 31),
		iface("rescue", 38),
		text("reservation", 1, 0, func(n *node) *string { return &n.Reservation }),
		text("resource_class", 21, create|patch, func(n *node) *string { return &n.ResourceClass }).max(80),
		flag("retired", 61, create|patch, func(n *node) *bool { return &n.Retired }),
		text("retired_reason", 61, create|patch, func(n *node) *string { return &n.RetiredReason }),
		tristate("secure_boot", 75, create, func(n *node) **bool { return &n.SecureBoot }),
		text("shard", 82, create|patch, func(n *node) *string { return &n.Shard }),
		iface("storage", 33),
		text("target_power_state", 1, 0, func(n *node) *baremetal.PowerState { return &n.TargetPowerState }),
		text("target_provision_state", 1, 0, func(n *node) *baremetal.ProvisionState { return &n.TargetProvisionState }),
		object("target_raid_config", 12, 0, func(n *node) *baremetal.Object { return &n.TargetRAIDConfig }),
		traitsField(),
		iface("vendor", 31),
		links("links", 1, implicit|always, "nodes", nodeUUID, ""),
		conductorField(),
		text("allocation_uuid", 52, 0, func(n *node) *string { return &n.AllocationUUID }).notSorted(),
		ident("chassis_uuid", 1, create|patch, func(n *node) *string { return &n.ChassisUUID }).notSorted(),
		links("ports", 1, implicit, "nodes", nodeUUID, "/ports"),
		links("states", 14, implicit, "nodes", nodeUUID, "/states"),
		links("portgroups", 24, implicit, "nodes", nodeUUID, "/portgroups"),
		links("volume", 32, implicit, "nodes", nodeUUID, "/volume"),
	},
})

// iface is the field <kind>_interface.
func iface(kind string, since int) field[node] {
	return field[node]{name: kind + "_interface", since: since, access: create | patch, column: kind + "_interface", needs: []string{"interfaces"},
		put: func(b []byte, _ *call, n *node) []byte { return appendText(b, n.Interfaces[kind]) },
		get: func(n *node) any { return orNull(n.Interfaces[kind]) },
		set: func(n *node, v any) {
			if n.Interfaces == nil {
				n.Interfaces = baremetal.Interfaces{}
			}
			delete(n.Interfaces, kind)
			if name, ok := v.(string); ok {
				n.Interfaces[kind] = name
			}
		},
		schema: &schema{types: []string{"string", "null"}}}
}

// provisionState calls states as older clients know them.
func provisionState() field[node] {
	f := text("provision_state", 1, brief, func(n *node) *baremetal.ProvisionState { return &n.ProvisionState })
	f.put = func(b []byte, c *call, n *node) []byte { return appendText(b, string(c.stateName(n.ProvisionState))) }
	return f
}

func (c *call) stateName(s baremetal.ProvisionState) baremetal.ProvisionState {
	switch {
	case c.minor < 2 && s == baremetal.Available:
		return ""
	case c.minor < 39 && s == baremetal.InspectWait:
		return baremetal.Inspecting
	}
	return s
}

func traitsField() field[node] {
	f := derived("traits", 37, unsorted, func(b []byte, _ *call, n *node) []byte { return appendStrings(b, n.Traits) })
	return f.in("traits")
}

// conductorField is the conductor that would serve the node: this one, unless the
// node's driver is not enabled here.
func conductorField() field[node] {
	f := derived("conductor", 49, 0, func(b []byte, c *call, n *node) []byte {
		if c.conductor.Serves(n) {
			return appendString(b, c.conductor.Host)
		}
		return append(b, "null"...)
	})
	f.needs = []string{"driver", "conductor_group"}
	return f
}
