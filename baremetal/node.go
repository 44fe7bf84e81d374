package baremetal

import (
	"strings"
	"time"
)

// Object is a free-form JSON object, such as a node's driver_info. A nil Object
// is the empty object.
type Object map[string]any

// Text returns the string at key, or "" when it is absent or of another type.
func (o Object) Text(key string) string {
	s, _ := o[key].(string)
	return s
}

// Inspected reports whether a ramdisk inspects the machine now.
func (n *Node) Inspected() bool {
	return n.Interfaces.InspectsByAgent() && (n.ProvisionState == Inspecting || n.ProvisionState == InspectWait)
}

// AgentBoots is the key of driver_internal_info that says that the machine's next boots are
// into the agent, for steps of a deployment, a cleaning or servicing.
const AgentBoots = "agent_boots"

// AgentFrom is the key of driver_internal_info with the address from which the agent's heartbeat came.
const AgentFrom = "agent_from"

// AgentPercent is the key of driver_internal_info with how much the agent has done of its step, in
// percent, by tens.
const AgentPercent = "agent_percent"

// InAgent reports whether the machine boots into the agent now, and not what it is to run.
func (n *Node) InAgent() bool {
	steps, _ := n.DriverInternalInfo[AgentBoots].(bool)
	return steps || n.Inspected()
}

// Manual is the hardware type of machines without a BMC: a person presses the button.
const Manual = "manual-management"

// Node is one machine, with the fields of Ironic's API 1.115. An empty string, a
// nil pointer or a zero time is the API's null.
type Node struct {
	ID                   int64 // order of creation; the API's default sort key
	UUID                 string
	Name                 string
	CreatedAt            time.Time
	UpdatedAt            time.Time
	Driver               string // the hardware type: ipmi, fake-hardware, manual-management
	DriverInfo           Object
	DriverInternalInfo   Object
	InstanceInfo         Object
	InstanceUUID         string
	InstanceName         string // for people; unlike Name it need not be unique
	Properties           Object
	Extra                Object
	NetworkData          Object
	Interfaces           Interfaces
	AutomatedClean       *bool
	BootMode             string
	SecureBoot           *bool
	ChassisUUID          string
	AllocationUUID       string
	CleanStep            Object
	DeployStep           Object
	ServiceStep          Object
	DisablePowerOff      *bool  // the machine is rebooted instead
	Conductor            string // host that serves the node
	ConductorGroup       string
	ConsoleEnabled       bool
	Description          string
	Fault                string
	Health               string // as the BMC sums it up; "" is not known
	InspectionStartedAt  time.Time
	InspectionFinishedAt time.Time
	LastError            string
	Lessee               string
	Owner                string
	Maintenance          bool
	MaintenanceReason    string
	ParentNode           string // UUID of the node that this one is a part of; that one may be gone
	PowerState           PowerState
	TargetPowerState     PowerState
	Protected            bool
	ProtectedReason      string
	ProvisionState       ProvisionState
	TargetProvisionState ProvisionState
	ProvisionUpdatedAt   time.Time
	RAIDConfig           Object
	TargetRAIDConfig     Object
	Reservation          string // conductor that holds the node's lock
	ResourceClass        string
	Retired              bool
	RetiredReason        string
	Shard                string
	Traits               []string
}

// Label is the node's name for messages, or its UUID when it has none.
func (n *Node) Label() string {
	if n.Name != "" {
		return n.Name
	}
	return n.UUID
}

// BootsUEFI reports whether the machine boots by UEFI and not by BIOS, in Ironic's
// order of precedence: the instance, the node's capabilities, what was observed, UEFI.
func (n *Node) BootsUEFI() bool {
	mode, declared := n.Capability("boot_mode")
	if of, ok := n.InstanceInfo["capabilities"].(map[string]any); ok {
		if s, ok := of["boot_mode"].(string); ok {
			mode, declared = s, true
		}
	}
	if !declared {
		mode = n.BootMode
	}
	return mode != "bios"
}

// Capability returns the value of key in the node's properties.capabilities
// ("iscsi_boot:True,boot_mode:uefi") and whether the key is there at all.
func (n *Node) Capability(key string) (string, bool) {
	for pair := range strings.SplitSeq(n.Properties.Text("capabilities"), ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(pair), ":"); ok && k == key {
			return v, true
		}
	}
	return "", false
}
