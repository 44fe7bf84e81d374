package store

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

var runbooks = newTable(table[baremetal.Runbook]{
	name: "runbooks", noun: "Runbook", key: "uuid", aliases: []string{"name"}, order: "id",
	columns: []column[baremetal.Runbook]{
		id("id", func(r *baremetal.Runbook) *int64 { return &r.ID }),
		text("uuid", func(r *baremetal.Runbook) *string { return &r.UUID }),
		text("name", func(r *baremetal.Runbook) *string { return &r.Name }),
		list("steps", func(r *baremetal.Runbook) *[]baremetal.Object { return &r.Steps }),
		flag("disable_ramdisk", func(r *baremetal.Runbook) *bool { return &r.DisableRamdisk }),
		flag("public", func(r *baremetal.Runbook) *bool { return &r.Public }),
		null("owner", func(r *baremetal.Runbook) *string { return &r.Owner }),
		null("description", func(r *baremetal.Runbook) *string { return &r.Description }),
		list("traits", func(r *baremetal.Runbook) *[]string { return &r.Traits }),
		object("extra", func(r *baremetal.Runbook) *baremetal.Object { return &r.Extra }),
		stamp("created_at", func(r *baremetal.Runbook) *time.Time { return &r.CreatedAt }),
		stamp("updated_at", func(r *baremetal.Runbook) *time.Time { return &r.UpdatedAt }),
	},
	unique: []rule[baremetal.Runbook]{
		{"runbooks.uuid", func(r *baremetal.Runbook) string {
			return fmt.Sprintf("A runbook with UUID %s already exists.", r.UUID)
		}},
		{"runbooks.name", func(r *baremetal.Runbook) string {
			return fmt.Sprintf("A runbook with name %s already exists.", r.Name)
		}},
	},
	stamps: func(r *baremetal.Runbook) stamps { return stamps{&r.CreatedAt, &r.UpdatedAt} },
})

var inspectionRules = newTable(table[baremetal.InspectionRule]{
	name: "inspection_rules", noun: "Rule", key: "uuid", order: "id",
	columns: []column[baremetal.InspectionRule]{
		id("id", func(r *baremetal.InspectionRule) *int64 { return &r.ID }),
		text("uuid", func(r *baremetal.InspectionRule) *string { return &r.UUID }),
		optional("description", func(r *baremetal.InspectionRule) **string { return &r.Description }),
		text("phase", func(r *baremetal.InspectionRule) *string { return &r.Phase }),
		number("priority", func(r *baremetal.InspectionRule) *int64 { return &r.Priority }),
		flag("sensitive", func(r *baremetal.InspectionRule) *bool { return &r.Sensitive }),
		list("conditions", func(r *baremetal.InspectionRule) *[]baremetal.Object { return &r.Conditions }),
		list("actions", func(r *baremetal.InspectionRule) *[]baremetal.Object { return &r.Actions }),
		stamp("created_at", func(r *baremetal.InspectionRule) *time.Time { return &r.CreatedAt }),
		stamp("updated_at", func(r *baremetal.InspectionRule) *time.Time { return &r.UpdatedAt }),
	},
	unique: []rule[baremetal.InspectionRule]{
		{"inspection_rules.uuid", func(r *baremetal.InspectionRule) string {
			return fmt.Sprintf("A rule with UUID %s already exists.", r.UUID)
		}},
	},
	stamps: func(r *baremetal.InspectionRule) stamps { return stamps{&r.CreatedAt, &r.UpdatedAt} },
})

// Runbooks are identified by UUID or name.
func (tx *Tx) Runbooks() Set[baremetal.Runbook] { return Set[baremetal.Runbook]{tx, runbooks} }

// InspectionRules are identified by UUID.
func (tx *Tx) InspectionRules() Set[baremetal.InspectionRule] {
	return Set[baremetal.InspectionRule]{tx, inspectionRules}
}
