package web

import (
	"fmt"
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
	Found        string // what the agent has found, "" for a machine that has not booted it
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
	described, err := tx.Discoveries().List(store.Query{Columns: []string{"uuid", "mac", "addresses"}}) // reports are long
	if err != nil {
		return nil, err
	}
	latest, err := tx.Discoveries().List(store.Query{Desc: true, Limit: manyUnknown})
	if err != nil {
		return nil, err
	}
	return withFound(strangers(events, ports, leases, tx.Now()), described, latest), nil
}

// withFound puts the machines that the agent has described, the latest first, before those that were
// only seen: they wait to be approved.
func withFound(seen []stranger, described, latest []*baremetal.Discovery) (list []stranger) {
	for _, d := range described {
		seen = slices.DeleteFunc(seen, func(s stranger) bool { return slices.Contains(d.Addresses, s.MAC) })
	}
	for _, d := range latest {
		list = append(list, stranger{MAC: d.MAC, Address: d.Address, Seen: d.Seen(), Last: "Waits to be approved",
			Name: proposedName(d.MAC), Found: found(d.Inventory)})
	}
	list = append(list, seen...)
	return list[:min(len(list), manyUnknown)]
}

// longestFact is the limit of one fact in that line, in characters: a machine says what it likes.
const longestFact = 80

// found is a machine in a line.
func found(inventory baremetal.Object) string {
	part := func(key string) baremetal.Object { o, _ := inventory[key].(map[string]any); return o }
	disks, _ := inventory["disks"].([]any)
	cards, _ := inventory["interfaces"].([]any)
	vendor := part("system_vendor")
	facts := []string{
		strings.TrimSpace(vendor.Text("manufacturer") + " " + vendor.Text("product_name")),
		plain(part("memory")["physical_mb"]) + " MiB",
		plain(part("cpu")["count"]) + " processors",
		fmt.Sprintf("%d cards, %d disks", len(cards), len(disks)),
		part("boot").Text("current_boot_mode")}
	if bmc := inventory.Text("bmc_address"); bmc != "" {
		facts = append(facts, "BMC "+bmc)
	}
	for i, f := range facts {
		facts[i] = fmt.Sprintf("%.*s", longestFact, f)
	}
	return strings.Join(slices.DeleteFunc(facts, func(f string) bool { return f == "" }), ", ")
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
