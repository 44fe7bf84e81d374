package store

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"time"

	ids "github.com/google/uuid"

	"ironhook/baremetal"
)

// keptHistory is how many entries a node's history holds; the oldest go first. Ironic's
// node_history_max_entries.
const keptHistory = 300

var histories = newTable(table[baremetal.History]{
	name: "histories", noun: "Node history record", key: "uuid", order: "id",
	columns: []column[baremetal.History]{
		id("id", func(h *baremetal.History) *int64 { return &h.ID }),
		text("uuid", func(h *baremetal.History) *string { return &h.UUID }),
		text("node_uuid", func(h *baremetal.History) *string { return &h.NodeUUID }),
		severity("severity", func(h *baremetal.History) *bool { return &h.Error }),
		text("event_type", func(h *baremetal.History) *string { return &h.EventType }),
		text("event", func(h *baremetal.History) *string { return &h.Event }),
		null("user", func(h *baremetal.History) *string { return &h.User }),
		null("state", func(h *baremetal.History) *baremetal.ProvisionState { return &h.State }),
		null("target_provision_state", func(h *baremetal.History) *baremetal.ProvisionState { return &h.Target }),
		count("duration_seconds", func(h *baremetal.History) **int64 { return &h.Duration }),
		stamp("created_at", func(h *baremetal.History) *time.Time { return &h.CreatedAt }),
	},
	stamps: func(h *baremetal.History) stamps { return stamps{created: &h.CreatedAt} },
})

// severity is a TEXT column that says whether something went wrong.
func severity[T any](name string, at func(*T) *bool) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			*at(row) = v == "ERROR"
			return nil
		},
		save: func(row *T) (driver.Value, error) {
			return map[bool]string{true: "ERROR", false: "INFO"}[*at(row)], nil
		},
	}
}

// count is an INTEGER column that may be NULL.
func count[T any](name string, at func(*T) **int64) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			*at(row) = nil
			if n, ok := v.(int64); ok {
				*at(row) = &n
			} else if v != nil {
				return wrong(v, "a number")
			}
			return nil
		},
		save: func(row *T) (driver.Value, error) {
			if *at(row) == nil {
				return nil, nil
			}
			return **at(row), nil
		},
	}
}

// Histories are the entries of the histories of nodes, identified by UUID.
func (tx *Tx) Histories() Set[baremetal.History] { return Set[baremetal.History]{tx, histories} }

// Record adds an entry to a node's history.
func (tx *Tx) Record(h *baremetal.History) error {
	h.UUID, h.User = cmp.Or(h.UUID, ids.NewString()), cmp.Or(h.User, baremetal.UserOf(tx.ctx))
	if err := tx.Histories().Insert(h); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM histories WHERE node_uuid = ? AND id <= (SELECT id FROM histories WHERE node_uuid = ? ORDER BY id DESC "+
		"LIMIT 1 OFFSET ?)",
		h.NodeUUID, h.NodeUUID, keptHistory)
	if err != nil {
		return fmt.Errorf("prune history: %w", err)
	}
	return nil
}

// recordError makes an entry of an error in the log that brings none. The log outlives nodes, their
// history does not.
func (tx *Tx) recordError(e baremetal.Event) error {
	n, err := tx.Nodes().Find(e.Node)
	if n == nil || err != nil {
		return err
	}
	h := baremetal.NewHistory(n, tx.now, "error", e.Detail)
	h.Error, h.User = true, e.User
	return tx.Record(h)
}

var parts = newTable(table[baremetal.Part]{
	name: "parts", noun: "Part", key: "id", order: "id",
	columns: []column[baremetal.Part]{
		id("id", func(p *baremetal.Part) *int64 { return &p.ID }),
		text("node_uuid", func(p *baremetal.Part) *string { return &p.NodeUUID }),
		text("kind", func(p *baremetal.Part) *baremetal.PartKind { return &p.Kind }),
		text("name", func(p *baremetal.Part) *string { return &p.Name }),
		object("facts", func(p *baremetal.Part) *baremetal.Object { return &p.Facts }),
		stamp("created_at", func(p *baremetal.Part) *time.Time { return &p.CreatedAt }),
		stamp("updated_at", func(p *baremetal.Part) *time.Time { return &p.UpdatedAt }),
	},
	stamps: func(p *baremetal.Part) stamps { return stamps{&p.CreatedAt, &p.UpdatedAt} },
})

// Parts are what BMCs tell of machines, identified by number.
func (tx *Tx) Parts() Set[baremetal.Part] { return Set[baremetal.Part]{tx, parts} }

// PartsOf lists the parts of a kind of a node, by name.
func (tx *Tx) PartsOf(node string, kind baremetal.PartKind) ([]*baremetal.Part, error) {
	return tx.Parts().List(Query{SortKey: "name",
		Filters: []Filter{{Column: "node_uuid", Value: node}, {Column: "kind", Value: string(kind)}}})
}

var reports = newTable(table[baremetal.Inventory]{
	name: "reports", noun: "Report of node", key: "node_uuid", order: "rowid", columns: inventories.columns, stamps: inventories.stamps,
})

// Reports are those of ramdisks that are accepted and wait to be made records of, identified by the UUID of
// their node.
func (tx *Tx) Reports() Set[baremetal.Inventory] { return Set[baremetal.Inventory]{tx, reports} }
