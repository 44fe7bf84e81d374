package baremetalapi

import (
	"slices"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/store"
)

type node = baremetal.Node

func nodeUUID(n *node) string { return n.UUID }

// nodeTable is the node's field table, in Ironic's order of showing.
func nodeTable(serving *conductor.Conductor) table[node] {
	return table[node]{rows: (*store.Tx).Nodes, Resource: inNodesOrder(rest.NewResource(rest.Resource[node]{
		Plural: "nodes", Path: "nodes", Body: "node", Ident: "node_ident",
		UUID:    nodeUUID,
		Brief:   []string{"instance_uuid", "maintenance", "power_state", "provision_state", "uuid", "name"},
		Unknown: func(name string) error { return rest.Invalid("Field %s is not a valid field.", name) },
		Fields: []rest.Field[node]{
			rest.UUIDField("uuid", 1, rest.Brief|rest.Create, func(n *node) *string { return &n.UUID }),
			rest.TimeField("created_at", 1, rest.Implicit, func(n *node) *time.Time { return &n.CreatedAt }),
			rest.TimeField("updated_at", 1, rest.Implicit, func(n *node) *time.Time { return &n.UpdatedAt }),
			rest.TristateField("automated_clean", 47, rest.Create|rest.Update, func(n *node) **bool { return &n.AutomatedClean }),
			iface("bios", 40),
			iface("boot", 31),
			rest.TextField("boot_mode", 75, rest.Create, func(n *node) *string { return &n.BootMode }),
			rest.SecretField("clean_step", 7, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.CleanStep }),
			rest.WordField("conductor_group", 46, rest.Create|rest.Update, func(n *node) *string { return &n.ConductorGroup }).
				With(&rest.Schema{Types: []string{"string", "null"}}),
			rest.FlagField("console_enabled", 1, rest.Create, func(n *node) *bool { return &n.ConsoleEnabled }),
			iface("console", 31),
			rest.TristateField("disable_power_off", 95, rest.Create|rest.Update, func(n *node) **bool { return &n.DisablePowerOff }),
			iface("deploy", 31),
			rest.SecretField("deploy_step", 44, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DeployStep }),
			rest.TextField("description", 51, rest.Create|rest.Update, func(n *node) *string { return &n.Description }).Max(4096),
			rest.WordField("driver", 1, rest.Create|rest.Update|rest.Required, func(n *node) *string { return &n.Driver }),
			rest.SecretField("driver_info", 1, rest.Create|rest.Update, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DriverInfo }),
			rest.SecretField("driver_internal_info", 3, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.DriverInternalInfo }),
			rest.ObjectField("extra", 1, rest.Create|rest.Update, func(n *node) *baremetal.Object { return &n.Extra }),
			rest.TextField("fault", 42, 0, func(n *node) *string { return &n.Fault }),
			iface("firmware", 86),
			rest.TextField("health", 109, 0, func(n *node) *string { return &n.Health }),
			rest.TimeField("inspection_finished_at", 6, 0, func(n *node) *time.Time { return &n.InspectionFinishedAt }),
			rest.TimeField("inspection_started_at", 6, 0, func(n *node) *time.Time { return &n.InspectionStartedAt }),
			iface("inspect", 31),
			rest.SecretField("instance_info", 1, rest.Create|rest.Update, baremetal.InstanceSecrets,
				func(n *node) *baremetal.Object { return &n.InstanceInfo }),
			rest.TextField("instance_name", 104, rest.Create|rest.Update, func(n *node) *string { return &n.InstanceName }).
				With(&rest.Schema{Types: []string{"string", "null"}, Min: 1, Max: 255}),
			rest.UUIDField("instance_uuid", 1, rest.Brief|rest.Create|rest.Update, func(n *node) *string { return &n.InstanceUUID }),
			rest.TextField("last_error", 1, 0, func(n *node) *string { return &n.LastError }),
			rest.TextField("lessee", 65, rest.Create|rest.Update, func(n *node) *string { return &n.Lessee }),
			rest.FlagField("maintenance", 1, rest.Brief|rest.Create|rest.Update, func(n *node) *bool { return &n.Maintenance }),
			rest.TextField("maintenance_reason", 1, 0, func(n *node) *string { return &n.MaintenanceReason }),
			iface("management", 31),
			rest.TextField("name", 5, rest.Brief|rest.Create|rest.Update, func(n *node) *string { return &n.Name }),
			rest.ObjectField("network_data", 66, rest.Create|rest.Update, func(n *node) *baremetal.Object { return &n.NetworkData }).
				With(networkData),
			iface("network", 20),
			rest.TextField("owner", 50, rest.Create|rest.Update, func(n *node) *string { return &n.Owner }),
			rest.TextField("parent_node", 83, rest.Create|rest.Update, func(n *node) *string { return &n.ParentNode }).Max(36),
			iface("power", 31),
			rest.TextField("power_state", 1, rest.Brief, func(n *node) *baremetal.PowerState { return &n.PowerState }),
			rest.ObjectField("properties", 1, rest.Create|rest.Update, func(n *node) *baremetal.Object { return &n.Properties }),
			rest.FlagField("protected", 48, rest.Update, func(n *node) *bool { return &n.Protected }),
			rest.TextField("protected_reason", 48, rest.Update, func(n *node) *string { return &n.ProtectedReason }),
			provisionState(),
			rest.TimeField("provision_updated_at", 1, 0, func(n *node) *time.Time { return &n.ProvisionUpdatedAt }),
			rest.ObjectField("raid_config", 12, 0, func(n *node) *baremetal.Object { return &n.RAIDConfig }),
			iface("raid", 31),
			iface("rescue", 38),
			rest.TextField("reservation", 1, 0, func(n *node) *string { return &n.Reservation }),
			rest.TextField("resource_class", 21, rest.Create|rest.Update, func(n *node) *string { return &n.ResourceClass }).Max(80),
			rest.FlagField("retired", 61, rest.Create|rest.Update, func(n *node) *bool { return &n.Retired }),
			rest.TextField("retired_reason", 61, rest.Create|rest.Update, func(n *node) *string { return &n.RetiredReason }),
			rest.TristateField("secure_boot", 75, rest.Create, func(n *node) **bool { return &n.SecureBoot }),
			rest.SecretField("service_step", 87, 0, baremetal.Secrets, func(n *node) *baremetal.Object { return &n.ServiceStep }),
			rest.TextField("shard", 82, rest.Create|rest.Update, func(n *node) *string { return &n.Shard }),
			iface("storage", 33),
			rest.TextField("target_power_state", 1, 0, func(n *node) *baremetal.PowerState { return &n.TargetPowerState }),
			rest.TextField("target_provision_state", 1, 0, func(n *node) *baremetal.ProvisionState { return &n.TargetProvisionState }),
			rest.ObjectField("target_raid_config", 12, 0, func(n *node) *baremetal.Object { return &n.TargetRAIDConfig }),
			traitsField(),
			iface("vendor", 31),
			rest.LinksField("links", 1, rest.Implicit|rest.Always, "nodes", nodeUUID, ""),
			conductorField(serving),
			rest.TextField("allocation_uuid", 52, 0, func(n *node) *string { return &n.AllocationUUID }).NotSorted(),
			rest.UUIDField("chassis_uuid", 1, rest.Create|rest.Update, func(n *node) *string { return &n.ChassisUUID }).NotSorted(),
			rest.LinksField("ports", 1, rest.Implicit, "nodes", nodeUUID, "/ports"),
			rest.LinksField("states", 14, rest.Implicit, "nodes", nodeUUID, "/states"),
			rest.LinksField("portgroups", 24, rest.Implicit, "nodes", nodeUUID, "/portgroups"),
			rest.LinksField("volume", 32, rest.Implicit, "nodes", nodeUUID, "/volume"),
		},
	}))}
}

// inNodesOrder names the fields that a PATCH may change as Ironic does: two that came late
// stand last.
func inNodesOrder(r *rest.Resource[node]) *rest.Resource[node] {
	late := []string{"parent_node", "firmware_interface"}
	r.Allowed = slices.DeleteFunc(r.Allowed, func(name string) bool { return slices.Contains(late, name) })
	r.Allowed = append(r.Allowed, late...)
	return r
}

// iface is the field <kind>_interface.
func iface(kind string, since int) rest.Field[node] {
	return rest.Field[node]{Name: kind + "_interface", Since: since, Access: rest.Create | rest.Update,
		Column: kind + "_interface", Needs: []string{"interfaces"},
		Put: func(b []byte, _ *rest.Call, n *node) []byte { return rest.AppendText(b, n.Interfaces[kind]) },
		Get: func(n *node) any { return rest.Text(n.Interfaces[kind]) },
		Set: func(n *node, v any) {
			if n.Interfaces == nil {
				n.Interfaces = baremetal.Interfaces{}
			}
			delete(n.Interfaces, kind)
			if name, ok := v.(string); ok {
				n.Interfaces[kind] = name
			}
		},
		Schema: &rest.Schema{Types: []string{"string", "null"}}}
}

// provisionState calls states as older clients know them.
func provisionState() rest.Field[node] {
	f := rest.TextField("provision_state", 1, rest.Brief, func(n *node) *baremetal.ProvisionState { return &n.ProvisionState })
	f.Put = func(b []byte, c *rest.Call, n *node) []byte {
		return rest.AppendText(b, string(stateName(c.Minor, n.ProvisionState)))
	}
	return f
}

// stateName is the name of a state in a microversion.
func stateName(minor int, s baremetal.ProvisionState) baremetal.ProvisionState {
	switch {
	case minor < 2 && s == baremetal.Available:
		return ""
	case minor < 39 && s == baremetal.InspectWait:
		return baremetal.Inspecting
	}
	return s
}

func traitsField() rest.Field[node] {
	f := rest.DerivedField("traits", 37, rest.Unsorted, func(b []byte, _ *rest.Call, n *node) []byte {
		return rest.AppendStrings(b, n.Traits)
	})
	return f.In("traits")
}

// conductorField is the conductor that would serve the node: this one, unless the
// node's driver is not enabled here.
func conductorField(serving *conductor.Conductor) rest.Field[node] {
	f := rest.DerivedField("conductor", 49, 0, func(b []byte, _ *rest.Call, n *node) []byte {
		if serving.Serves(n) {
			return rest.AppendString(b, serving.Host)
		}
		return append(b, "null"...)
	})
	f.Needs = []string{"driver", "conductor_group"}
	return f
}
