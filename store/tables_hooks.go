package store

import (
	"time"

	"ironhook/baremetal"
)

var hooks = newTable(table[baremetal.Hook]{
	name: "hooks", noun: "Webhook", key: "uuid", order: "rowid",
	columns: []column[baremetal.Hook]{
		text("uuid", func(h *baremetal.Hook) *string { return &h.UUID }),
		text("url", func(h *baremetal.Hook) *string { return &h.URL }),
		text("secret", func(h *baremetal.Hook) *string { return &h.Secret }),
		list("kinds", func(h *baremetal.Hook) *[]baremetal.EventKind { return &h.Kinds }),
		null("node", func(h *baremetal.Hook) *string { return &h.Node }),
		flag("enabled", func(h *baremetal.Hook) *bool { return &h.Enabled }),
		number("position", func(h *baremetal.Hook) *int64 { return &h.Position }),
		number("attempts", func(h *baremetal.Hook) *int64 { return &h.Attempts }),
		number("failures", func(h *baremetal.Hook) *int64 { return &h.Failures }),
		stamp("retry_at", func(h *baremetal.Hook) *time.Time { return &h.RetryAt }),
		null("last_error", func(h *baremetal.Hook) *string { return &h.LastError }),
		stamp("delivered_at", func(h *baremetal.Hook) *time.Time { return &h.Delivered }),
		stamp("created_at", func(h *baremetal.Hook) *time.Time { return &h.CreatedAt }),
		stamp("updated_at", func(h *baremetal.Hook) *time.Time { return &h.UpdatedAt }),
	},
	stamps: func(h *baremetal.Hook) stamps { return stamps{&h.CreatedAt, &h.UpdatedAt} },
})

var deadLetters = newTable(table[baremetal.DeadLetter]{
	name: "dead_letters", noun: "Dead letter", key: "uuid", order: "rowid",
	columns: []column[baremetal.DeadLetter]{
		text("uuid", func(d *baremetal.DeadLetter) *string { return &d.UUID }),
		text("hook_uuid", func(d *baremetal.DeadLetter) *string { return &d.Hook }),
		number("seq", func(d *baremetal.DeadLetter) *int64 { return &d.Seq }),
		text("body", func(d *baremetal.DeadLetter) *string { return &d.Body }),
		number("attempts", func(d *baremetal.DeadLetter) *int64 { return &d.Attempts }),
		text("error", func(d *baremetal.DeadLetter) *string { return &d.Error }),
		stamp("created_at", func(d *baremetal.DeadLetter) *time.Time { return &d.CreatedAt }),
		stamp("updated_at", func(d *baremetal.DeadLetter) *time.Time { return &d.UpdatedAt }),
	},
	stamps: func(d *baremetal.DeadLetter) stamps { return stamps{&d.CreatedAt, &d.UpdatedAt} },
})

// Hooks are identified by UUID.
func (tx *Tx) Hooks() Set[baremetal.Hook] { return Set[baremetal.Hook]{tx, hooks} }

// DeadLetters are identified by UUID.
func (tx *Tx) DeadLetters() Set[baremetal.DeadLetter] {
	return Set[baremetal.DeadLetter]{tx, deadLetters}
}
