package baremetal

import (
	"encoding/json"
	"slices"
	"time"
)

// EventKind names what happened.
type EventKind string

// The steps of one network boot in the order in which a machine takes them,
// then the changes that management makes. A page draws a boot bar from the
// first group; [BootSteps] gives their order.
const (
	EventPowerOn   EventKind = "power-on"   // the BMC was ordered to switch the machine on
	EventDiscover  EventKind = "discover"   // DHCPDISCOVER seen
	EventOffer     EventKind = "offer"      // address or boot file offered
	EventFile      EventKind = "file"       // network boot program fetched over TFTP or HTTP
	EventScript    EventKind = "script"     // iPXE asked for its script and got it
	EventLogin     EventKind = "login"      // first iSCSI login of this boot: the firmware's
	EventFirstRead EventKind = "first-read" // first block read
	EventSystem    EventKind = "system"     // the operating system logged in with its own initiator
	EventUp        EventKind = "up"         // first write of the operating system: its root is mounted

	EventPowerOff  EventKind = "power-off"
	EventLogout    EventKind = "logout"  // the last iSCSI session of the machine ended
	EventRefused   EventKind = "refused" // a request of the machine was refused; Detail gives the reason
	EventProvision EventKind = "provision"
	EventAttach    EventKind = "attach"
	EventDetach    EventKind = "detach"
	EventError     EventKind = "error"
	EventNetwork   EventKind = "network"  // a boot interface or the way DHCP works on it changed; of no machine
	EventNode      EventKind = "node"     // created, updated or deleted
	EventProgress  EventKind = "progress" // the agent has done another tenth of a step
	EventLimit     EventKind = "limit"    // a limit held somebody back, for the first time in an hour; of no machine
	EventUser      EventKind = "user"     // an account or a webhook was created, updated or deleted; of no machine
)

// EventKinds are all kinds, the steps of a boot first.
var EventKinds = append(slices.Clone(BootSteps), EventPowerOff, EventLogout, EventRefused, EventProvision, EventAttach, EventDetach,
	EventError,
	EventNetwork, EventNode, EventProgress, EventLimit, EventUser)

// BootSteps is the order of a network boot from a volume.
var BootSteps = []EventKind{
	EventPowerOn, EventDiscover, EventOffer, EventFile, EventScript,
	EventLogin, EventFirstRead, EventSystem, EventUp,
}

// Event is one fact in the log. It never carries a secret.
type Event struct {
	Seq    int64 // position in the log, from 1, without reuse
	At     time.Time
	Node   string // UUID; "" when the machine is not enrolled
	MAC    string // "" when not known
	Kind   EventKind
	Step   EventKind // the step of a boot, or [EventAttach], that a refusal or an error prevented; "" for none
	Detail string    // one line for a person
	User   string    // the account whose request caused it; "" when a machine or the appliance did
	// History is what the node's history says of it. The log does not keep it; without one, an error of a
	// node makes an entry of its own.
	History *History `json:"-"`
}

// MarshalJSON is the event as the APIs show it; what is not known is null.
func (e *Event) MarshalJSON() ([]byte, error) {
	known := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return json.Marshal(struct {
		Seq    int64           `json:"seq"`
		At     json.RawMessage `json:"at"`
		Node   any             `json:"node"`
		MAC    any             `json:"mac"`
		Kind   EventKind       `json:"kind"`
		Step   any             `json:"step"`
		Detail string          `json:"detail"`
		User   any             `json:"user"`
	}{e.Seq, AppendTime(nil, e.At), known(e.Node), known(e.MAC), e.Kind, known(string(e.Step)), e.Detail, known(e.User)})
}

// AppendTime writes a time as JSON in the form of OpenStack's APIs; the zero time is null.
func AppendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	layout := `"2006-01-02T15:04:05.000000-07:00"`
	if t.Nanosecond()/1000 == 0 {
		layout = `"2006-01-02T15:04:05-07:00"`
	}
	return t.UTC().AppendFormat(b, layout)
}
