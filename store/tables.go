package store

import (
	"fmt"
	"net/netip"
	"time"

	"ironhook/baremetal"
)

var nodes = newTable(table[baremetal.Node]{
	name: "nodes", noun: "Node", key: "uuid", aliases: []string{"name"}, order: "id",
	columns: []column[baremetal.Node]{
		id("id", func(n *baremetal.Node) *int64 { return &n.ID }),
		text("uuid", func(n *baremetal.Node) *string { return &n.UUID }),
		null("name", func(n *baremetal.Node) *string { return &n.Name }),
		stamp("created_at", func(n *baremetal.Node) *time.Time { return &n.CreatedAt }),
		stamp("updated_at", func(n *baremetal.Node) *time.Time { return &n.UpdatedAt }),
		text("driver", func(n *baremetal.Node) *string { return &n.Driver }),
		object("driver_info", func(n *baremetal.Node) *baremetal.Object { return &n.DriverInfo }),
		object("driver_internal_info", func(n *baremetal.Node) *baremetal.Object { return &n.DriverInternalInfo }),
		object("instance_info", func(n *baremetal.Node) *baremetal.Object { return &n.InstanceInfo }),
		null("instance_name", func(n *baremetal.Node) *string { return &n.InstanceName }),
		null("instance_uuid", func(n *baremetal.Node) *string { return &n.InstanceUUID }),
		object("properties", func(n *baremetal.Node) *baremetal.Object { return &n.Properties }),
		object("extra", func(n *baremetal.Node) *baremetal.Object { return &n.Extra }),
		object("network_data", func(n *baremetal.Node) *baremetal.Object { return &n.NetworkData }),
		object("interfaces", func(n *baremetal.Node) *baremetal.Interfaces { return &n.Interfaces }),
		tristate("automated_clean", func(n *baremetal.Node) **bool { return &n.AutomatedClean }),
		null("boot_mode", func(n *baremetal.Node) *string { return &n.BootMode }),
		tristate("secure_boot", func(n *baremetal.Node) **bool { return &n.SecureBoot }),
		null("chassis_uuid", func(n *baremetal.Node) *string { return &n.ChassisUUID }),
		null("allocation_uuid", func(n *baremetal.Node) *string { return &n.AllocationUUID }),
		object("clean_step", func(n *baremetal.Node) *baremetal.Object { return &n.CleanStep }),
		object("deploy_step", func(n *baremetal.Node) *baremetal.Object { return &n.DeployStep }),
		object("service_step", func(n *baremetal.Node) *baremetal.Object { return &n.ServiceStep }),
		tristate("disable_power_off", func(n *baremetal.Node) **bool { return &n.DisablePowerOff }),
		null("conductor", func(n *baremetal.Node) *string { return &n.Conductor }),
		text("conductor_group", func(n *baremetal.Node) *string { return &n.ConductorGroup }),
		flag("console_enabled", func(n *baremetal.Node) *bool { return &n.ConsoleEnabled }),
		null("description", func(n *baremetal.Node) *string { return &n.Description }),
		null("fault", func(n *baremetal.Node) *string { return &n.Fault }),
		null("health", func(n *baremetal.Node) *string { return &n.Health }),
		stamp("inspection_started_at", func(n *baremetal.Node) *time.Time { return &n.InspectionStartedAt }),
		stamp("inspection_finished_at", func(n *baremetal.Node) *time.Time { return &n.InspectionFinishedAt }),
		null("last_error", func(n *baremetal.Node) *string { return &n.LastError }),
		null("lessee", func(n *baremetal.Node) *string { return &n.Lessee }),
		null("owner", func(n *baremetal.Node) *string { return &n.Owner }),
		flag("maintenance", func(n *baremetal.Node) *bool { return &n.Maintenance }),
		null("maintenance_reason", func(n *baremetal.Node) *string { return &n.MaintenanceReason }),
		null("parent_node", func(n *baremetal.Node) *string { return &n.ParentNode }),
		null("power_state", func(n *baremetal.Node) *baremetal.PowerState { return &n.PowerState }),
		null("target_power_state", func(n *baremetal.Node) *baremetal.PowerState { return &n.TargetPowerState }),
		flag("protected", func(n *baremetal.Node) *bool { return &n.Protected }),
		null("protected_reason", func(n *baremetal.Node) *string { return &n.ProtectedReason }),
		text("provision_state", func(n *baremetal.Node) *baremetal.ProvisionState { return &n.ProvisionState }),
		null("target_provision_state", func(n *baremetal.Node) *baremetal.ProvisionState { return &n.TargetProvisionState }),
		stamp("provision_updated_at", func(n *baremetal.Node) *time.Time { return &n.ProvisionUpdatedAt }),
		object("raid_config", func(n *baremetal.Node) *baremetal.Object { return &n.RAIDConfig }),
		object("target_raid_config", func(n *baremetal.Node) *baremetal.Object { return &n.TargetRAIDConfig }),
		null("reservation", func(n *baremetal.Node) *string { return &n.Reservation }),
		null("resource_class", func(n *baremetal.Node) *string { return &n.ResourceClass }),
		flag("retired", func(n *baremetal.Node) *bool { return &n.Retired }),
		null("retired_reason", func(n *baremetal.Node) *string { return &n.RetiredReason }),
		null("shard", func(n *baremetal.Node) *string { return &n.Shard }),
		list("traits", func(n *baremetal.Node) *[]string { return &n.Traits }),
	},
	sort: []string{
		"bios_interface", "boot_interface", "console_interface", "deploy_interface", "firmware_interface", "inspect_interface",
		"management_interface",
		"network_interface", "power_interface", "raid_interface", "rescue_interface", "storage_interface", "vendor_interface",
	},
	unique: []rule[baremetal.Node]{
		{"nodes.uuid", func(n *baremetal.Node) string { return fmt.Sprintf("A node with UUID %s already exists.", n.UUID) }},
		{"nodes.name", func(n *baremetal.Node) string { return fmt.Sprintf("A node with name %s already exists.", n.Name) }},
		{"nodes.instance_uuid", func(n *baremetal.Node) string {
			return fmt.Sprintf("Instance %s is already associated with a node, it cannot be associated with this other node %s", n.InstanceUUID,
				n.UUID)
		}},
	},
	stamps: func(n *baremetal.Node) stamps { return stamps{&n.CreatedAt, &n.UpdatedAt} },
})

var ports = newTable(table[baremetal.Port]{
	name: "ports", noun: "Port", key: "uuid", aliases: []string{"address", "name"}, order: "id",
	columns: []column[baremetal.Port]{
		id("id", func(p *baremetal.Port) *int64 { return &p.ID }),
		text("uuid", func(p *baremetal.Port) *string { return &p.UUID }),
		text("node_uuid", func(p *baremetal.Port) *string { return &p.NodeUUID }),
		text("address", func(p *baremetal.Port) *string { return &p.Address }),
		stamp("created_at", func(p *baremetal.Port) *time.Time { return &p.CreatedAt }),
		stamp("updated_at", func(p *baremetal.Port) *time.Time { return &p.UpdatedAt }),
		object("extra", func(p *baremetal.Port) *baremetal.Object { return &p.Extra }),
		object("internal_info", func(p *baremetal.Port) *baremetal.Object { return &p.InternalInfo }),
		flag("is_smartnic", func(p *baremetal.Port) *bool { return &p.IsSmartNIC }),
		object("local_link_connection", func(p *baremetal.Port) *baremetal.Object { return &p.LocalLinkConnection }),
		null("physical_network", func(p *baremetal.Port) *string { return &p.PhysicalNetwork }),
		flag("pxe_enabled", func(p *baremetal.Port) *bool { return &p.PXEEnabled }),
		null("portgroup_uuid", func(p *baremetal.Port) *string { return &p.PortgroupUUID }),
		optional("name", func(p *baremetal.Port) **string { return &p.Name }),
		optional("description", func(p *baremetal.Port) **string { return &p.Description }),
		optional("vendor", func(p *baremetal.Port) **string { return &p.Vendor }),
		optional("category", func(p *baremetal.Port) **string { return &p.Category }),
		flag("available_for_dynamic_portgroup", func(p *baremetal.Port) *bool { return &p.AvailableForDynamicPortgroup }),
	},
	unique: []rule[baremetal.Port]{
		{"ports.uuid", func(p *baremetal.Port) string { return fmt.Sprintf("A port with UUID %s already exists.", p.UUID) }},
		{"ports.address", func(p *baremetal.Port) string {
			return fmt.Sprintf("A port with MAC address %s already exists.", p.Address)
		}},
		{"ports.name", func(p *baremetal.Port) string { return fmt.Sprintf("A port with name %s already exists.", *p.Name) }},
	},
	stamps: func(p *baremetal.Port) stamps { return stamps{&p.CreatedAt, &p.UpdatedAt} },
})

var connectors = newTable(table[baremetal.VolumeConnector]{
	name: "volume_connectors", noun: "Volume connector", key: "uuid", order: "id",
	columns: []column[baremetal.VolumeConnector]{
		id("id", func(c *baremetal.VolumeConnector) *int64 { return &c.ID }),
		text("uuid", func(c *baremetal.VolumeConnector) *string { return &c.UUID }),
		text("node_uuid", func(c *baremetal.VolumeConnector) *string { return &c.NodeUUID }),
		text("type", func(c *baremetal.VolumeConnector) *string { return &c.Type }),
		text("connector_id", func(c *baremetal.VolumeConnector) *string { return &c.ConnectorID }),
		stamp("created_at", func(c *baremetal.VolumeConnector) *time.Time { return &c.CreatedAt }),
		stamp("updated_at", func(c *baremetal.VolumeConnector) *time.Time { return &c.UpdatedAt }),
		object("extra", func(c *baremetal.VolumeConnector) *baremetal.Object { return &c.Extra }),
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
})

var targets = newTable(table[baremetal.VolumeTarget]{
	name: "volume_targets", noun: "Volume target", key: "uuid", order: "id",
	columns: []column[baremetal.VolumeTarget]{
		id("id", func(t *baremetal.VolumeTarget) *int64 { return &t.ID }),
		text("uuid", func(t *baremetal.VolumeTarget) *string { return &t.UUID }),
		text("node_uuid", func(t *baremetal.VolumeTarget) *string { return &t.NodeUUID }),
		text("volume_type", func(t *baremetal.VolumeTarget) *string { return &t.VolumeType }),
		number("boot_index", func(t *baremetal.VolumeTarget) *int64 { return &t.BootIndex }),
		text("volume_id", func(t *baremetal.VolumeTarget) *string { return &t.VolumeID }),
		object("properties", func(t *baremetal.VolumeTarget) *baremetal.Object { return &t.Properties }),
		stamp("created_at", func(t *baremetal.VolumeTarget) *time.Time { return &t.CreatedAt }),
		stamp("updated_at", func(t *baremetal.VolumeTarget) *time.Time { return &t.UpdatedAt }),
		object("extra", func(t *baremetal.VolumeTarget) *baremetal.Object { return &t.Extra }),
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
})

var grants = newTable(table[baremetal.Grant]{
	name: "grants", noun: "Grant", key: "iqn", aliases: []string{"target_uuid"}, order: "rowid",
	columns: []column[baremetal.Grant]{
		text("iqn", func(g *baremetal.Grant) *string { return &g.IQN }),
		null("target_uuid", func(g *baremetal.Grant) *string { return &g.Target }),
		null("node_uuid", func(g *baremetal.Grant) *string { return &g.Node }),
		null("attachment_uuid", func(g *baremetal.Grant) *string { return &g.Attachment }),
		text("volume", func(g *baremetal.Grant) *string { return &g.Volume }),
		text("serial", func(g *baremetal.Grant) *string { return &g.Serial }),
		flag("read_only", func(g *baremetal.Grant) *bool { return &g.ReadOnly }),
		text("initiator", func(g *baremetal.Grant) *string { return &g.Initiator }),
		portal("portal", func(g *baremetal.Grant) *netip.AddrPort { return &g.Portal }),
		text("user", func(g *baremetal.Grant) *string { return &g.User }),
		text("secret", func(g *baremetal.Grant) *string { return &g.Secret }),
		stamp("created_at", func(g *baremetal.Grant) *time.Time { return &g.CreatedAt }),
	},
	stamps: func(g *baremetal.Grant) stamps { return stamps{created: &g.CreatedAt} },
})

var leases = newTable(table[baremetal.Lease]{
	name: "leases", noun: "Lease", key: "mac", aliases: []string{"address"}, order: "rowid",
	columns: []column[baremetal.Lease]{
		text("mac", func(l *baremetal.Lease) *string { return &l.MAC }),
		address("address", func(l *baremetal.Lease) *netip.Addr { return &l.Address }),
		text("interface", func(l *baremetal.Lease) *string { return &l.Interface }),
		flag("observed", func(l *baremetal.Lease) *bool { return &l.Observed }),
		stamp("expires", func(l *baremetal.Lease) *time.Time { return &l.Expires }),
		stamp("updated_at", func(l *baremetal.Lease) *time.Time { return &l.UpdatedAt }),
	},
	stamps: func(l *baremetal.Lease) stamps { return stamps{&l.UpdatedAt, &l.UpdatedAt} },
})

var events = newTable(table[baremetal.Event]{
	name: "events", noun: "Event", key: "seq", order: "seq",
	columns: []column[baremetal.Event]{
		id("seq", func(e *baremetal.Event) *int64 { return &e.Seq }),
		stamp("at", func(e *baremetal.Event) *time.Time { return &e.At }),
		null("node", func(e *baremetal.Event) *string { return &e.Node }),
		null("mac", func(e *baremetal.Event) *string { return &e.MAC }),
		text("kind", func(e *baremetal.Event) *baremetal.EventKind { return &e.Kind }),
		null("step", func(e *baremetal.Event) *baremetal.EventKind { return &e.Step }),
		text("detail", func(e *baremetal.Event) *string { return &e.Detail }),
		null("user", func(e *baremetal.Event) *string { return &e.User }),
	},
})

var logins = newTable(table[baremetal.Login]{
	name: "logins", noun: "Login", key: "token", order: "rowid",
	columns: []column[baremetal.Login]{
		text("token", func(l *baremetal.Login) *string { return &l.Token }),
		text("user", func(l *baremetal.Login) *string { return &l.User }),
		text("proof", func(l *baremetal.Login) *string { return &l.Proof }),
		stamp("begun", func(l *baremetal.Login) *time.Time { return &l.Begun }),
		stamp("used", func(l *baremetal.Login) *time.Time { return &l.Used }),
		flag("keep", func(l *baremetal.Login) *bool { return &l.Keep }),
	},
})
