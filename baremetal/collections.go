package baremetal

import "time"

// Chassis is a box that holds nodes: a note for people, without behaviour.
type Chassis struct {
	ID          int64
	UUID        string
	Description string
	Extra       Object
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Portgroup is a bond of ports of one node.
type Portgroup struct {
	ID              int64
	UUID            string
	NodeUUID        string
	Name            string
	Address         string // MAC, lower case with colons; "" is none
	Mode            string // of bonding: active-backup, 802.3ad, ...
	Properties      Object
	StandalonePorts bool // its ports may be used on their own
	InternalInfo    Object
	Extra           Object
	PhysicalNetwork *string // of all its ports; nil is the API's null
	Category        *string // for people; nil is the API's null
	Dynamic         bool    // a network service has made it
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// AllocationState is the state of the search for a node.
type AllocationState string

// The states of an allocation.
const (
	Allocating       AllocationState = "allocating"
	AllocationActive AllocationState = "active"
	AllocationFailed AllocationState = "error"
)

// Allocation is a request for any available node with a resource class and
// traits, and in the end the node it got.
type Allocation struct {
	ID             int64
	UUID           string
	Name           string
	NodeUUID       string // "" while none is found
	State          AllocationState
	LastError      string
	ResourceClass  string
	Traits         []string
	CandidateNodes []string // UUIDs to choose from; none is any
	Owner          string
	Extra          Object
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// DeployTemplate lists the steps that a trait of the same name adds to a deployment.
type DeployTemplate struct {
	ID        int64
	UUID      string
	Name      string
	Steps     []Object // interface, step, args, priority
	Extra     Object
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Inventory is what inspection found in a node.
type Inventory struct {
	NodeUUID   string
	Inventory  Object
	PluginData Object
	CreatedAt  time.Time
	UpdatedAt  time.Time
}
