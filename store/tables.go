package store

import (
	"database/sql/driver"
	"fmt"

	"ironhook/baremetal"
)

// id is the INTEGER PRIMARY KEY: 0 leaves the choice to SQLite.
func id(p *int64) field {
	f := number(p).(codec)
	f.save = func() (driver.Value, error) {
		if *p == 0 {
			return value(nil)
		}
		return value(*p)
	}
	return f
}

var nodes = table[baremetal.Node]{
	name: "nodes", noun: "Node", key: "uuid", alias: "name", order: "id",
	columns: []column[baremetal.Node]{
		{"id", func(n *baremetal.Node) field { return id(&n.ID) }},
		{"uuid", func(n *baremetal.Node) field { return text(&n.UUID) }},
		{"name", func(n *baremetal.Node) field { return null(&n.Name) }},
		{"created_at", func(n *baremetal.Node) field { return stamp(&n.CreatedAt) }},
		{"updated_at", func(n *baremetal.Node) field { return stamp(&n.UpdatedAt) }},
		{"driver", func(n *baremetal.Node) field { return text(&n.Driver) }},
		{"driver_info", func(n *baremetal.Node) field { return object(&n.DriverInfo) }},
		{"driver_internal_info", func(n *baremetal.Node) field { return object(&n.DriverInternalInfo) }},
		{"instance_info", func(n *baremetal.Node) field { return object(&n.InstanceInfo) }},
		{"instance_uuid", func(n *baremetal.Node) field { return null(&n.InstanceUUID) }},
		{"properties", func(n *baremetal.Node) field { return object(&n.Properties) }},
		{"extra", func(n *baremetal.Node) field { return object(&n.Extra) }},
		{"network_data", func(n *baremetal.Node) field { return object(&n.NetworkData) }},
		{"interfaces", func(n *baremetal.Node) field { return object(&n.Interfaces) }},
		{"automated_clean", func(n *baremetal.Node) field { return tristate(&n.AutomatedClean) }},
		{"boot_mode", func(n *baremetal.Node) field { return null(&n.BootMode) }},
		{"secure_boot", func(n *baremetal.Node) field { return tristate(&n.SecureBoot) }},
		{"chassis_uuid", func(n *baremetal.Node) field { return null(&n.ChassisUUID) }},
		{"allocation_uuid", func(n *baremetal.Node) field { return null(&n.AllocationUUID) }},
		{"clean_step", func(n *baremetal.Node) field { return object(&n.CleanStep) }},
		{"deploy_step", func(n *baremetal.Node) field { return object(&n.DeployStep) }},
		{"conductor", func(n *baremetal.Node) field { return null(&n.Conductor) }},
		{"conductor_group", func(n *baremetal.Node) field { return text(&n.ConductorGroup) }},
		{"console_enabled", func(n *baremetal.Node) field { return flag(&n.ConsoleEnabled) }},
		{"description", func(n *baremetal.Node) field { return null(&n.Description) }},
		{"fault", func(n *baremetal.Node) field { return null(&n.Fault) }},
		{"inspection_started_at", func(n *baremetal.Node) field { return stamp(&n.InspectionStartedAt) }},
		{"inspection_finished_at", func(n *baremetal.Node) field { return stamp(&n.InspectionFinishedAt) }},
		{"last_error", func(n *baremetal.Node) field { return null(&n.LastError) }},
		{"lessee", func(n *baremetal.Node) field { return null(&n.Lessee) }},
		{"owner", func(n *baremetal.Node) field { return null(&n.Owner) }},
		{"maintenance", func(n *baremetal.Node) field { return flag(&n.Maintenance) }},
		{"maintenance_reason", func(n *baremetal.Node) field { return null(&n.MaintenanceReason) }},
		{"power_state", func(n *baremetal.Node) field { return null(&n.PowerState) }},
		{"target_power_state", func(n *baremetal.Node) field { return null(&n.TargetPowerState) }},
		{"protected", func(n *baremetal.Node) field { return flag(&n.Protected) }},
		{"protected_reason", func(n *baremetal.Node) field { return null(&n.ProtectedReason) }},
		{"provision_state", func(n *baremetal.Node) field { return text(&n.ProvisionState) }},
		{"target_provision_state", func(n *baremetal.Node) field { return null(&n.TargetProvisionState) }},
		{"provision_updated_at", func(n *baremetal.Node) field { return stamp(&n.ProvisionUpdatedAt) }},
		{"raid_config", func(n *baremetal.Node) field { return object(&n.RAIDConfig) }},
		{"target_raid_config", func(n *baremetal.Node) field { return object(&n.TargetRAIDConfig) }},
		{"reservation", func(n *baremetal.Node) field { return null(&n.Reservation) }},
		{"resource_class", func(n *baremetal.Node) field { return null(&n.ResourceClass) }},
		{"retired", func(n *baremetal.Node) field { return flag(&n.Retired) }},
		{"retired_reason", func(n *baremetal.Node) field { return null(&n.RetiredReason) }},
		{"shard", func(n *baremetal.Node) field { return null(&n.Shard) }},
		{"traits", func(n *baremetal.Node) field { return list(&n.Traits) }},
	},
	sort: []string{
		"bios_interface", "boot_interface", "console_interface", "deploy_interface", "inspect_interface", "management_interface",
		"network_interface", "power_interface", "raid_interface", "rescue_interface", "storage_interface", "vendor_interface",
	},
	unique: []rule[baremetal.Node]{
		{"nodes.uuid", func(n *baremetal.Node) string { return fmt.Sprintf("A node with UUID %s already exists.", n.UUID) }},
		{"nodes.name", func(n *baremetal.Node) string { return fmt.Sprintf("A node with name %s already exists.", n.Name) }},
		{"nodes.instance_uuid", func(n *baremetal.Node) string {
			return fmt.Sprintf("Instance %s is already associated with a node, it cannot be associated with this other node %s", n.InstanceUUID, n.UUID)
		}},
	},
	stamps: func(n *baremetal.Node) stamps { return stamps{&n.CreatedAt, &n.UpdatedAt} },
}

var ports = table[baremetal.Port]{
	name: "ports", noun: "Port", key: "uuid", alias: "address", order: "id",
	columns: []column[baremetal.Port]{
		{"id", func(p *baremetal.Port) field { return id(&p.ID) }},
		{"uuid", func(p *baremetal.Port) field { return text(&p.UUID) }},
		{"node_uuid", func(p *baremetal.Port) field { return text(&p.NodeUUID) }},
		{"address", func(p *baremetal.Port) field { return text(&p.Address) }},
		{"created_at", func(p *baremetal.Port) field { return stamp(&p.CreatedAt) }},
		{"updated_at", func(p *baremetal.Port) field { return stamp(&p.UpdatedAt) }},
		{"extra", func(p *baremetal.Port) field { return object(&p.Extra) }},
		{"internal_info", func(p *baremetal.Port) field { return object(&p.InternalInfo) }},
		{"is_smartnic", func(p *baremetal.Port) field { return flag(&p.IsSmartNIC) }},
		{"local_link_connection", func(p *baremetal.Port) field { return object(&p.LocalLinkConnection) }},
		{"physical_network", func(p *baremetal.Port) field { return null(&p.PhysicalNetwork) }},
		{"pxe_enabled", func(p *baremetal.Port) field { return flag(&p.PXEEnabled) }},
		{"portgroup_uuid", func(p *baremetal.Port) field { return null(&p.PortgroupUUID) }},
	},
	unique: []rule[baremetal.Port]{
		{"ports.uuid", func(p *baremetal.Port) string { return fmt.Sprintf("A port with UUID %s already exists.", p.UUID) }},
		{"ports.address", func(p *baremetal.Port) string {
			return fmt.Sprintf("A port with MAC address %s already exists.", p.Address)
		}},
	},
	stamps: func(p *baremetal.Port) stamps { return stamps{&p.CreatedAt, &p.UpdatedAt} },
}

var connectors = table[baremetal.VolumeConnector]{
	name: "volume_connectors", noun: "Volume connector", key: "uuid", order: "id",
	columns: []column[baremetal.VolumeConnector]{
		{"id", func(c *baremetal.VolumeConnector) field { return id(&c.ID) }},
		{"uuid", func(c *baremetal.VolumeConnector) field { return text(&c.UUID) }},
		{"node_uuid", func(c *baremetal.VolumeConnector) field { return text(&c.NodeUUID) }},
		{"type", func(c *baremetal.VolumeConnector) field { return text(&c.Type) }},
		{"connector_id", func(c *baremetal.VolumeConnector) field { return text(&c.ConnectorID) }},
		{"created_at", func(c *baremetal.VolumeConnector) field { return stamp(&c.CreatedAt) }},
		{"updated_at", func(c *baremetal.VolumeConnector) field { return stamp(&c.UpdatedAt) }},
		{"extra", func(c *baremetal.VolumeConnector) field { return object(&c.Extra) }},
	},
	unique: []rule[baremetal.VolumeConnector]{
		{"volume_connectors.uuid", func(c *baremetal.VolumeConnector) string {
			return fmt.Sprintf("A volume connector with UUID %s already exists.", c.UUID)
		}},
		{"volume_connectors.type, volume_connectors.connector_id", func(c *baremetal.VolumeConnector) string {
			return fmt.Sprintf("A volume connector with type %s and connector ID %s already exists.", c.Type, c.ConnectorID)
		}},
	},
	stamps: func(c *baremetal.VolumeConnector) stamps { return stamps{&c.CreatedAt, &c.UpdatedAt} },
}

var targets = table[baremetal.VolumeTarget]{
	name: "volume_targets", noun: "Volume target", key: "uuid", order: "id",
	columns: []column[baremetal.VolumeTarget]{
		{"id", func(t *baremetal.VolumeTarget) field { return id(&t.ID) }},
		{"uuid", func(t *baremetal.VolumeTarget) field { return text(&t.UUID) }},
		{"node_uuid", func(t *baremetal.VolumeTarget) field { return text(&t.NodeUUID) }},
		{"volume_type", func(t *baremetal.VolumeTarget) field { return text(&t.VolumeType) }},
		{"boot_index", func(t *baremetal.VolumeTarget) field { return number(&t.BootIndex) }},
		{"volume_id", func(t *baremetal.VolumeTarget) field { return text(&t.VolumeID) }},
		{"properties", func(t *baremetal.VolumeTarget) field { return object(&t.Properties) }},
		{"created_at", func(t *baremetal.VolumeTarget) field { return stamp(&t.CreatedAt) }},
		{"updated_at", func(t *baremetal.VolumeTarget) field { return stamp(&t.UpdatedAt) }},
		{"extra", func(t *baremetal.VolumeTarget) field { return object(&t.Extra) }},
	},
	unique: []rule[baremetal.VolumeTarget]{
		{"volume_targets.uuid", func(t *baremetal.VolumeTarget) string {
			return fmt.Sprintf("A volume target with UUID %s already exists.", t.UUID)
		}},
		{"volume_targets.node_uuid, volume_targets.boot_index", func(t *baremetal.VolumeTarget) string {
			return fmt.Sprintf("A volume target with boot index '%d' for the same node already exists.", t.BootIndex)
		}},
	},
	stamps: func(t *baremetal.VolumeTarget) stamps { return stamps{&t.CreatedAt, &t.UpdatedAt} },
}

var exports = table[baremetal.Export]{
	name: "exports", noun: "Export", key: "target_uuid", alias: "iqn", order: "rowid",
	columns: []column[baremetal.Export]{
		{"target_uuid", func(e *baremetal.Export) field { return text(&e.TargetUUID) }},
		{"node_uuid", func(e *baremetal.Export) field { return text(&e.NodeUUID) }},
		{"iqn", func(e *baremetal.Export) field { return text(&e.IQN) }},
		{"initiator", func(e *baremetal.Export) field { return text(&e.Initiator) }},
		{"user", func(e *baremetal.Export) field { return text(&e.User) }},
		{"secret", func(e *baremetal.Export) field { return text(&e.Secret) }},
		{"volume", func(e *baremetal.Export) field { return text(&e.Volume) }},
		{"created_at", func(e *baremetal.Export) field { return stamp(&e.CreatedAt) }},
	},
	stamps: func(e *baremetal.Export) stamps { return stamps{created: &e.CreatedAt} },
}

var leases = table[baremetal.Lease]{
	name: "leases", noun: "Lease", key: "mac", alias: "address", order: "rowid",
	columns: []column[baremetal.Lease]{
		{"mac", func(l *baremetal.Lease) field { return text(&l.MAC) }},
		{"address", func(l *baremetal.Lease) field { return address(&l.Address) }},
		{"interface", func(l *baremetal.Lease) field { return text(&l.Interface) }},
		{"observed", func(l *baremetal.Lease) field { return flag(&l.Observed) }},
		{"expires", func(l *baremetal.Lease) field { return stamp(&l.Expires) }},
		{"updated_at", func(l *baremetal.Lease) field { return stamp(&l.UpdatedAt) }},
	},
	stamps: func(l *baremetal.Lease) stamps { return stamps{&l.UpdatedAt, &l.UpdatedAt} },
}

var events = table[baremetal.Event]{
	name: "events", noun: "Event", key: "seq", order: "seq",
	columns: []column[baremetal.Event]{
		{"seq", func(e *baremetal.Event) field { return id(&e.Seq) }},
		{"at", func(e *baremetal.Event) field { return stamp(&e.At) }},
		{"node", func(e *baremetal.Event) field { return null(&e.Node) }},
		{"mac", func(e *baremetal.Event) field { return null(&e.MAC) }},
		{"kind", func(e *baremetal.Event) field { return text(&e.Kind) }},
		{"detail", func(e *baremetal.Event) field { return text(&e.Detail) }},
	},
}
