package baremetal

import "time"

// Discovery is a machine that the agent has described and that is not enrolled: it waits for
// somebody to approve it.
type Discovery struct {
	ID         int64
	UUID       string
	MAC        string   // of the card that it has booted from, else its first
	Addresses  []string // of all of its cards
	Address    string   // from which the agent has reported
	Inventory  Object   // as of an inspection
	PluginData Object
	CreatedAt  time.Time
	UpdatedAt  time.Time // when it reported again
}

// Seen is when the machine reported last.
func (d *Discovery) Seen() time.Time {
	if d.UpdatedAt.IsZero() {
		return d.CreatedAt
	}
	return d.UpdatedAt
}

// AgentLog is what the agent on a node's machine has said, as it last sent it.
type AgentLog struct {
	NodeUUID  string
	After     string // what it had done: inspection, deploy, clean, service, or a failure
	Text      string
	CreatedAt time.Time
	UpdatedAt time.Time
}
