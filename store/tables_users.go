package store

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

var users = newTable(table[baremetal.User]{
	name: "users", noun: "User", key: "name", order: "rowid",
	columns: []column[baremetal.User]{
		text("name", func(u *baremetal.User) *string { return &u.Name }),
		text("role", func(u *baremetal.User) *baremetal.Role { return &u.Role }),
		text("digest", func(u *baremetal.User) *string { return &u.Digest }),
		stamp("created_at", func(u *baremetal.User) *time.Time { return &u.CreatedAt }),
		stamp("updated_at", func(u *baremetal.User) *time.Time { return &u.UpdatedAt }),
	},
	unique: []rule[baremetal.User]{
		{"users.name", func(u *baremetal.User) string { return fmt.Sprintf("There is a user %s already.", u.Name) }},
	},
	stamps: func(u *baremetal.User) stamps { return stamps{&u.CreatedAt, &u.UpdatedAt} },
})

// Users are identified by name.
func (tx *Tx) Users() Set[baremetal.User] { return Set[baremetal.User]{tx, users} }
