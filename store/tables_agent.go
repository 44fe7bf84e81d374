package store

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

var discoveries = newTable(table[baremetal.Discovery]{
	name: "discoveries", noun: "Discovery", key: "uuid", aliases: []string{"mac"}, order: "id",
	columns: []column[baremetal.Discovery]{
		id("id", func(d *baremetal.Discovery) *int64 { return &d.ID }),
		text("uuid", func(d *baremetal.Discovery) *string { return &d.UUID }),
		text("mac", func(d *baremetal.Discovery) *string { return &d.MAC }),
		list("addresses", func(d *baremetal.Discovery) *[]string { return &d.Addresses }),
		text("address", func(d *baremetal.Discovery) *string { return &d.Address }),
		object("inventory", func(d *baremetal.Discovery) *baremetal.Object { return &d.Inventory }),
		object("plugin_data", func(d *baremetal.Discovery) *baremetal.Object { return &d.PluginData }),
		stamp("created_at", func(d *baremetal.Discovery) *time.Time { return &d.CreatedAt }),
		stamp("updated_at", func(d *baremetal.Discovery) *time.Time { return &d.UpdatedAt }),
	},
	unique: []rule[baremetal.Discovery]{
		{"discoveries.mac", func(d *baremetal.Discovery) string {
			return fmt.Sprintf("A machine with the address %s waits already.", d.MAC)
		}},
	},
	stamps: func(d *baremetal.Discovery) stamps { return stamps{&d.CreatedAt, &d.UpdatedAt} },
})

var agentLogs = newTable(table[baremetal.AgentLog]{
	name: "agent_logs", noun: "Log of the agent of node", key: "node_uuid", order: "rowid",
	columns: []column[baremetal.AgentLog]{
		text("node_uuid", func(l *baremetal.AgentLog) *string { return &l.NodeUUID }),
		text("after", func(l *baremetal.AgentLog) *string { return &l.After }),
		text("text", func(l *baremetal.AgentLog) *string { return &l.Text }),
		stamp("created_at", func(l *baremetal.AgentLog) *time.Time { return &l.CreatedAt }),
		stamp("updated_at", func(l *baremetal.AgentLog) *time.Time { return &l.UpdatedAt }),
	},
	stamps: func(l *baremetal.AgentLog) stamps { return stamps{&l.CreatedAt, &l.UpdatedAt} },
})

// Discoveries are identified by UUID or the address of a card.
func (tx *Tx) Discoveries() Set[baremetal.Discovery] {
	return Set[baremetal.Discovery]{tx, discoveries}
}

// AgentLogs are identified by the UUID of the node.
func (tx *Tx) AgentLogs() Set[baremetal.AgentLog] { return Set[baremetal.AgentLog]{tx, agentLogs} }
