package baremetal

import "time"

// History is an entry of a node's history, in Ironic's words. It never carries a secret.
type History struct {
	ID        int64
	UUID      string
	NodeUUID  string
	Error     bool   // something went wrong
	EventType string // of what: deployment_start, deployment_end, deploying, cleaning, ...
	Event     string // a sentence
	User      string // whose request caused it; the store fills it in
	State     ProvisionState
	Target    ProvisionState
	Duration  *int64 // seconds since the node entered the state; nil is unknown
	CreatedAt time.Time
}

// NewHistory makes an entry of what happens to a node in its state, now.
func NewHistory(n *Node, now time.Time, eventType, event string) *History {
	h := &History{NodeUUID: n.UUID, EventType: eventType, Event: event, State: n.ProvisionState, Target: n.TargetProvisionState}
	if !n.ProvisionUpdatedAt.IsZero() {
		seconds := int64(max(0, now.Sub(n.ProvisionUpdatedAt)) / time.Second)
		h.Duration = &seconds
	}
	return h
}
