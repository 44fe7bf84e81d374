package store

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

var walls = newTable(table[baremetal.Wall]{
	name: "walls", noun: "Wall", key: "name", order: "rowid",
	columns: []column[baremetal.Wall]{
		text("name", func(w *baremetal.Wall) *string { return &w.Name }),
		text("token", func(w *baremetal.Wall) *string { return &w.Token }),
		stamp("created_at", func(w *baremetal.Wall) *time.Time { return &w.CreatedAt }),
	},
	unique: []rule[baremetal.Wall]{
		{"walls.name", func(w *baremetal.Wall) string { return fmt.Sprintf("There is a wall %s already.", w.Name) }},
	},
	stamps: func(w *baremetal.Wall) stamps { return stamps{created: &w.CreatedAt} },
})

var views = newTable(table[baremetal.View]{
	name: "views", noun: "View", key: "name", order: "rowid",
	columns: []column[baremetal.View]{
		text("name", func(v *baremetal.View) *string { return &v.Name }),
		text("query", func(v *baremetal.View) *string { return &v.Query }),
		stamp("created_at", func(v *baremetal.View) *time.Time { return &v.CreatedAt }),
	},
	unique: []rule[baremetal.View]{
		{"views.name", func(v *baremetal.View) string { return fmt.Sprintf("There is a view %s already.", v.Name) }},
	},
	stamps: func(v *baremetal.View) stamps { return stamps{created: &v.CreatedAt} },
})

// Walls are identified by name.
func (tx *Tx) Walls() Set[baremetal.Wall] { return Set[baremetal.Wall]{tx, walls} }

// Views are identified by name.
func (tx *Tx) Views() Set[baremetal.View] { return Set[baremetal.View]{tx, views} }
