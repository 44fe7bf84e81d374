package store

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

var chassis = newTable(table[baremetal.Chassis]{
	name: "chassis", noun: "Chassis", key: "uuid", order: "id",
	columns: []column[baremetal.Chassis]{
		id("id", func(c *baremetal.Chassis) *int64 { return &c.ID }),
		text("uuid", func(c *baremetal.Chassis) *string { return &c.UUID }),
		null("description", func(c *baremetal.Chassis) *string { return &c.Description }),
		object("extra", func(c *baremetal.Chassis) *baremetal.Object { return &c.Extra }),
		stamp("created_at", func(c *baremetal.Chassis) *time.Time { return &c.CreatedAt }),
		stamp("updated_at", func(c *baremetal.Chassis) *time.Time { return &c.UpdatedAt }),
	},
	unique: []rule[baremetal.Chassis]{
		{"chassis.uuid", func(c *baremetal.Chassis) string {
			return fmt.Sprintf("A chassis with UUID %s already exists.", c.UUID)
		}},
	},
	stamps: func(c *baremetal.Chassis) stamps { return stamps{&c.CreatedAt, &c.UpdatedAt} },
})

var portgroups = newTable(table[baremetal.Portgroup]{
	name: "portgroups", noun: "Portgroup", key: "uuid", aliases: []string{"name"}, order: "id",
	columns: []column[baremetal.Portgroup]{
		id("id", func(p *baremetal.Portgroup) *int64 { return &p.ID }),
		text("uuid", func(p *baremetal.Portgroup) *string { return &p.UUID }),
		text("node_uuid", func(p *baremetal.Portgroup) *string { return &p.NodeUUID }),
		null("name", func(p *baremetal.Portgroup) *string { return &p.Name }),
		null("address", func(p *baremetal.Portgroup) *string { return &p.Address }),
		text("mode", func(p *baremetal.Portgroup) *string { return &p.Mode }),
		object("properties", func(p *baremetal.Portgroup) *baremetal.Object { return &p.Properties }),
		flag("standalone_ports_supported", func(p *baremetal.Portgroup) *bool { return &p.StandalonePorts }),
		object("internal_info", func(p *baremetal.Portgroup) *baremetal.Object { return &p.InternalInfo }),
		object("extra", func(p *baremetal.Portgroup) *baremetal.Object { return &p.Extra }),
		optional("physical_network", func(p *baremetal.Portgroup) **string { return &p.PhysicalNetwork }),
		optional("category", func(p *baremetal.Portgroup) **string { return &p.Category }),
		flag("dynamic_portgroup", func(p *baremetal.Portgroup) *bool { return &p.Dynamic }),
		stamp("created_at", func(p *baremetal.Portgroup) *time.Time { return &p.CreatedAt }),
		stamp("updated_at", func(p *baremetal.Portgroup) *time.Time { return &p.UpdatedAt }),
	},
	unique: []rule[baremetal.Portgroup]{
		{"portgroups.uuid", func(p *baremetal.Portgroup) string {
			return fmt.Sprintf("A portgroup with UUID %s already exists.", p.UUID)
		}},
		{"portgroups.name", func(p *baremetal.Portgroup) string {
			return fmt.Sprintf("A portgroup with name %s already exists.", p.Name)
		}},
		{"portgroups.address", func(p *baremetal.Portgroup) string {
			return fmt.Sprintf("A portgroup with MAC address %s already exists.", p.Address)
		}},
	},
	stamps: func(p *baremetal.Portgroup) stamps { return stamps{&p.CreatedAt, &p.UpdatedAt} },
})

var allocations = newTable(table[baremetal.Allocation]{
	name: "allocations", noun: "Allocation", key: "uuid", aliases: []string{"name"}, order: "id",
	columns: []column[baremetal.Allocation]{
		id("id", func(a *baremetal.Allocation) *int64 { return &a.ID }),
		text("uuid", func(a *baremetal.Allocation) *string { return &a.UUID }),
		null("name", func(a *baremetal.Allocation) *string { return &a.Name }),
		null("node_uuid", func(a *baremetal.Allocation) *string { return &a.NodeUUID }),
		text("state", func(a *baremetal.Allocation) *baremetal.AllocationState { return &a.State }),
		null("last_error", func(a *baremetal.Allocation) *string { return &a.LastError }),
		null("resource_class", func(a *baremetal.Allocation) *string { return &a.ResourceClass }),
		list("traits", func(a *baremetal.Allocation) *[]string { return &a.Traits }),
		list("candidate_nodes", func(a *baremetal.Allocation) *[]string { return &a.CandidateNodes }),
		null("owner", func(a *baremetal.Allocation) *string { return &a.Owner }),
		object("extra", func(a *baremetal.Allocation) *baremetal.Object { return &a.Extra }),
		stamp("created_at", func(a *baremetal.Allocation) *time.Time { return &a.CreatedAt }),
		stamp("updated_at", func(a *baremetal.Allocation) *time.Time { return &a.UpdatedAt }),
	},
	unique: []rule[baremetal.Allocation]{
		{"allocations.uuid", func(a *baremetal.Allocation) string {
			return fmt.Sprintf("An allocation with UUID %s already exists.", a.UUID)
		}},
		{"allocations.name", func(a *baremetal.Allocation) string {
			return fmt.Sprintf("An allocation with name %s already exists.", a.Name)
		}},
	},
	stamps: func(a *baremetal.Allocation) stamps { return stamps{&a.CreatedAt, &a.UpdatedAt} },
})

var deployTemplates = newTable(table[baremetal.DeployTemplate]{
	name: "deploy_templates", noun: "Deploy template", key: "uuid", aliases: []string{"name"}, order: "id",
	columns: []column[baremetal.DeployTemplate]{
		id("id", func(t *baremetal.DeployTemplate) *int64 { return &t.ID }),
		text("uuid", func(t *baremetal.DeployTemplate) *string { return &t.UUID }),
		text("name", func(t *baremetal.DeployTemplate) *string { return &t.Name }),
		list("steps", func(t *baremetal.DeployTemplate) *[]baremetal.Object { return &t.Steps }),
		object("extra", func(t *baremetal.DeployTemplate) *baremetal.Object { return &t.Extra }),
		stamp("created_at", func(t *baremetal.DeployTemplate) *time.Time { return &t.CreatedAt }),
		stamp("updated_at", func(t *baremetal.DeployTemplate) *time.Time { return &t.UpdatedAt }),
	},
	unique: []rule[baremetal.DeployTemplate]{
		{"deploy_templates.uuid", func(t *baremetal.DeployTemplate) string {
			return fmt.Sprintf("A deploy template with UUID %s already exists.", t.UUID)
		}},
		{"deploy_templates.name", func(t *baremetal.DeployTemplate) string {
			return fmt.Sprintf("A deploy template with name %s already exists.", t.Name)
		}},
	},
	stamps: func(t *baremetal.DeployTemplate) stamps { return stamps{&t.CreatedAt, &t.UpdatedAt} },
})

var inventories = newTable(table[baremetal.Inventory]{
	name: "inventories", noun: "Node inventory record for node", key: "node_uuid", order: "rowid",
	columns: []column[baremetal.Inventory]{
		text("node_uuid", func(i *baremetal.Inventory) *string { return &i.NodeUUID }),
		object("inventory", func(i *baremetal.Inventory) *baremetal.Object { return &i.Inventory }),
		object("plugin_data", func(i *baremetal.Inventory) *baremetal.Object { return &i.PluginData }),
		stamp("created_at", func(i *baremetal.Inventory) *time.Time { return &i.CreatedAt }),
		stamp("updated_at", func(i *baremetal.Inventory) *time.Time { return &i.UpdatedAt }),
	},
	stamps: func(i *baremetal.Inventory) stamps { return stamps{&i.CreatedAt, &i.UpdatedAt} },
})

// Chassis are identified by UUID.
func (tx *Tx) Chassis() Set[baremetal.Chassis] { return Set[baremetal.Chassis]{tx, chassis} }

// Portgroups are identified by UUID or name.
func (tx *Tx) Portgroups() Set[baremetal.Portgroup] {
	return Set[baremetal.Portgroup]{tx, portgroups}
}

// Allocations are identified by UUID or name.
func (tx *Tx) Allocations() Set[baremetal.Allocation] {
	return Set[baremetal.Allocation]{tx, allocations}
}

// DeployTemplates are identified by UUID or name.
func (tx *Tx) DeployTemplates() Set[baremetal.DeployTemplate] {
	return Set[baremetal.DeployTemplate]{tx, deployTemplates}
}

// Inventories are identified by the UUID of their node.
func (tx *Tx) Inventories() Set[baremetal.Inventory] {
	return Set[baremetal.Inventory]{tx, inventories}
}
