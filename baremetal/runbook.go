package baremetal

import "time"

// Runbook is a list of steps that nodes with one of its traits may be cleaned or
// serviced by.
type Runbook struct {
	ID             int64
	UUID           string
	Name           string
	Steps          []Object // interface, step, args, order
	DisableRamdisk bool
	Public         bool
	Owner          string
	Description    string
	Traits         []string
	Extra          Object
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// InspectionRule is what is done to a node when what inspection found meets conditions.
type InspectionRule struct {
	ID          int64
	UUID        string
	Description *string // nil is the API's null
	Phase       string  // of inspection; there is one, "main"
	Priority    int64   // the highest comes first
	Sensitive   bool    // its conditions and actions are never shown, and it stays so
	Conditions  []Object
	Actions     []Object
	CreatedAt   time.Time
	UpdatedAt   time.Time
}
