package store

import (
	"fmt"

	"ironhook/baremetal"
)

var chassis = table[baremetal.Chassis]{
	name: "chassis", noun: "Chassis", key: "uuid", order: "id",
	columns: []column[baremetal.Chassis]{
		{"id", func(c *baremetal.Chassis) field { return id(&c.ID) }},
		{"uuid", func(c *baremetal.Chassis) field { return text(&c.UUID) }},
		{"description", func(c *baremetal.Chassis) field { return null(&c.Description) }},
		{"extra", func(c *baremetal.Chassis) field { return object(&c.Extra) }},
		{"created_at", func(c *baremetal.Chassis) field { return stamp(&c.CreatedAt) }},
		{"updated_at", func(c *baremetal.Chassis) field { return stamp(&c.UpdatedAt) }},
	},
	unique: []rule[baremetal.Chassis]{
		{"chassis.uuid", func(c *baremetal.Chassis) string {
			return fmt.Sprintf("A chassis with UUID %s already exists.", c.UUID)
		}},
	},
	stamps: func(c *baremetal.Chassis) stamps { return stamps{&c.CreatedAt, &c.UpdatedAt} },
}

var portgroups = table[baremetal.Portgroup]{
	name: "portgroups", noun: "Portgroup", key: "uuid", alias: "name", order: "id",
	columns: []column[baremetal.Portgroup]{
		{"id", func(p *baremetal.Portgroup) field { return id(&p.ID) }},
		{"uuid", func(p *baremetal.Portgroup) field { return text(&p.UUID) }},
		{"node_uuid", func(p *baremetal.Portgroup) field { return text(&p.NodeUUID) }},
		{"name", func(p *baremetal.Portgroup) field { return null(&p.Name) }},
		{"address", func(p *baremetal.Portgroup) field { return null(&p.Address) }},
		{"mode", func(p *baremetal.Portgroup) field { return text(&p.Mode) }},
		{"properties", func(p *baremetal.Portgroup) field { return object(&p.Properties) }},
		{"standalone_ports_supported", func(p *baremetal.Portgroup) field { return flag(&p.StandalonePorts) }},
		{"internal_info", func(p *baremetal.Portgroup) field { return object(&p.InternalInfo) }},
		{"extra", func(p *baremetal.Portgroup) field { return object(&p.Extra) }},
		{"created_at", func(p *baremetal.Portgroup) field { return stamp(&p.CreatedAt) }},
		{"updated_at", func(p *baremetal.Portgroup) field { return stamp(&p.UpdatedAt) }},
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
}

var allocations = table[baremetal.Allocation]{
	name: "allocations", noun: "Allocation", key: "uuid", alias: "name", order: "id",
	columns: []column[baremetal.Allocation]{
		{"id", func(a *baremetal.Allocation) field { return id(&a.ID) }},
		{"uuid", func(a *baremetal.Allocation) field { return text(&a.UUID) }},
		{"name", func(a *baremetal.Allocation) field { return null(&a.Name) }},
		{"node_uuid", func(a *baremetal.Allocation) field { return null(&a.NodeUUID) }},
		{"state", func(a *baremetal.Allocation) field { return text(&a.State) }},
		{"last_error", func(a *baremetal.Allocation) field { return null(&a.LastError) }},
		{"resource_class", func(a *baremetal.Allocation) field { return null(&a.ResourceClass) }},
		{"traits", func(a *baremetal.Allocation) field { return list(&a.Traits) }},
		{"candidate_nodes", func(a *baremetal.Allocation) field { return list(&a.CandidateNodes) }},
		{"owner", func(a *baremetal.Allocation) field { return null(&a.Owner) }},
		{"extra", func(a *baremetal.Allocation) field { return object(&a.Extra) }},
		{"created_at", func(a *baremetal.Allocation) field { return stamp(&a.CreatedAt) }},
		{"updated_at", func(a *baremetal.Allocation) field { return stamp(&a.UpdatedAt) }},
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
}

var deployTemplates = table[baremetal.DeployTemplate]{
	name: "deploy_templates", noun: "Deploy template", key: "uuid", alias: "name", order: "id",
	columns: []column[baremetal.DeployTemplate]{
		{"id", func(t *baremetal.DeployTemplate) field { return id(&t.ID) }},
		{"uuid", func(t *baremetal.DeployTemplate) field { return text(&t.UUID) }},
		{"name", func(t *baremetal.DeployTemplate) field { return text(&t.Name) }},
		{"steps", func(t *baremetal.DeployTemplate) field { return list(&t.Steps) }},
		{"extra", func(t *baremetal.DeployTemplate) field { return object(&t.Extra) }},
		{"created_at", func(t *baremetal.DeployTemplate) field { return stamp(&t.CreatedAt) }},
		{"updated_at", func(t *baremetal.DeployTemplate) field { return stamp(&t.UpdatedAt) }},
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
}

var inventories = table[baremetal.Inventory]{
	name: "inventories", noun: "Node inventory record for node", key: "node_uuid", order: "rowid",
	columns: []column[baremetal.Inventory]{
		{"node_uuid", func(i *baremetal.Inventory) field { return text(&i.NodeUUID) }},
		{"inventory", func(i *baremetal.Inventory) field { return object(&i.Inventory) }},
		{"plugin_data", func(i *baremetal.Inventory) field { return object(&i.PluginData) }},
		{"created_at", func(i *baremetal.Inventory) field { return stamp(&i.CreatedAt) }},
		{"updated_at", func(i *baremetal.Inventory) field { return stamp(&i.UpdatedAt) }},
	},
	stamps: func(i *baremetal.Inventory) stamps { return stamps{&i.CreatedAt, &i.UpdatedAt} },
}

// Chassis are identified by UUID.
func (tx *Tx) Chassis() Set[baremetal.Chassis] { return Set[baremetal.Chassis]{tx, &chassis} }

// Portgroups are identified by UUID or name.
func (tx *Tx) Portgroups() Set[baremetal.Portgroup] {
	return Set[baremetal.Portgroup]{tx, &portgroups}
}

// Allocations are identified by UUID or name.
func (tx *Tx) Allocations() Set[baremetal.Allocation] {
	return Set[baremetal.Allocation]{tx, &allocations}
}

// DeployTemplates are identified by UUID or name.
func (tx *Tx) DeployTemplates() Set[baremetal.DeployTemplate] {
	return Set[baremetal.DeployTemplate]{tx, &deployTemplates}
}

// Inventories are identified by the UUID of their node.
func (tx *Tx) Inventories() Set[baremetal.Inventory] {
	return Set[baremetal.Inventory]{tx, &inventories}
}
