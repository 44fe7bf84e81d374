package web

import (
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// A machine that is not enrolled is shown when it was seen on the network recently.
const (
	wireEvents  = 2000
	wireMemory  = 24 * time.Hour
	manyUnknown = 20 // shown at most; in a large network there is no end of them
)

// stranger is a machine seen on the wire that is not enrolled.
type stranger struct {
	MAC, Address string
	Seen         time.Time
	Last         string // what it did last
	Name         string // proposed for its node
}

// readStrangers returns the machines that asked for something in the log but
// belong to no node, the latest first.
func readStrangers(tx *store.Tx) ([]stranger, error) {
	wire := append([]baremetal.EventKind{baremetal.EventRefused}, baremetal.BootSteps[1:]...)
	events, err := tx.Events(store.EventQuery{Kinds: wire, Limit: wireEvents, Last: true})
	if err != nil {
		return nil, err
	}
	ports, err := tx.Ports().List(store.Query{})
	if err != nil {
		return nil, err
	}
	leases, err := tx.Leases().List(store.Query{})
	if err != nil {
		return nil, err
	}
	return strangers(events, ports, leases, tx.Now()), nil
}

func strangers(events []*baremetal.Event, ports []*baremetal.Port, leases []*baremetal.Lease, now time.Time) []stranger {
	known := make(map[string]bool)
	for _, p := range ports {
		known[p.Address] = true
	}
	var found []stranger
	for _, e := range slices.Backward(events) {
		mac, err := baremetal.ParseMAC(e.MAC)
		if err != nil || e.Node != "" || known[mac] || now.Sub(e.At) > wireMemory || len(found) == manyUnknown {
			continue
		}
		known[mac] = true
		found = append(found, stranger{
			MAC: mac, Seen: e.At, Last: sentence(e), Address: address(leases, mac),
			Name: proposedName(mac),
		})
	}
	return found
}

// proposedName is a name for a machine that is known by its MAC address only.
func proposedName(mac string) string { return "pc-" + strings.ReplaceAll(mac[9:], ":", "") }

func address(leases []*baremetal.Lease, mac string) string {
	for _, l := range leases {
		if l.MAC == mac {
			return l.Address.String()
		}
	}
	return ""
}

// sentence is an event of a boot in words.
func sentence(e *baremetal.Event) string {
	if e.Kind == baremetal.EventRefused && e.Detail != "" {
		return "Refused: " + e.Detail
	}
	if c, ok := captions[e.Kind]; ok {
		return c.done
	}
	return string(e.Kind)
}
