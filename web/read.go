package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// recentEvents is how many events of one machine are read for its last boot. A boot has
// a dozen; a machine that asks for an address all night has no end of them.
const recentEvents = 200

// machine is the data of one node on a tile.
type machine struct {
	node   *baremetal.Node
	ports  []*baremetal.Port
	leases []*baremetal.Lease // of its ports
	boots  boot.History
	link   boot.Link
}

// sight is the present state of the machine, apart from its events.
func (m *machine) sight(now time.Time) boot.Sight {
	s := boot.Sight{At: now, Power: m.node.PowerState, Link: m.link, ByHand: m.node.Driver == baremetal.Manual}
	switch m.node.ProvisionState {
	case baremetal.Enroll, baremetal.Manageable, baremetal.Available:
		s.Rests = m.node.ProvisionUpdatedAt
	}
	return s
}

// readMachine reads the node that ident names.
func (w *Web) readMachine(tx *store.Tx, ident string) (*machine, error) {
	node, err := tx.Nodes().Get(ident)
	if err != nil {
		return nil, err
	}
	links, err := w.links(tx, store.Where("node_uuid", node.UUID))
	if err != nil {
		return nil, err
	}
	return readNode(tx, node, links)
}

func readNode(tx *store.Tx, node *baremetal.Node, links map[string]boot.Link) (*machine, error) {
	m := &machine{node: node, link: links[node.UUID]}
	var err error
	if m.ports, err = tx.Ports().List(store.Where("node_uuid", node.UUID)); err != nil {
		return nil, err
	}
	for _, p := range m.ports {
		lease, err := tx.Leases().Get(p.Address)
		if err == nil {
			m.leases = append(m.leases, lease)
		} else if !errors.Is(err, baremetal.ErrNotFound) {
			return nil, err
		}
	}
	m.boots, err = readBoots(tx, node.UUID, recentEvents)
	return m, err
}

// readBoots reads the boots of a node from about limit events.
func readBoots(tx *store.Tx, node string, limit int) (boot.History, error) {
	return boot.Read(limit, func(kinds []baremetal.EventKind, limit int) ([]*baremetal.Event, error) {
		return tx.Events(store.EventQuery{Node: node, Kinds: kinds, Limit: limit, Last: true})
	})
}

// readMachines reads all nodes in the order of their names, as people count:
// pc-2 before pc-10.
func (w *Web) readMachines(tx *store.Tx) ([]*machine, error) {
	nodes, err := tx.Nodes().List(store.Query{})
	if err != nil {
		return nil, err
	}
	links, err := w.links(tx, store.Query{})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(nodes, func(a, b *baremetal.Node) int { return natural(a.Label(), b.Label()) })
	all := make([]*machine, 0, len(nodes))
	for _, node := range nodes {
		m, err := readNode(tx, node, links)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// natural compares names so that runs of digits count as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := run(a), run(b)
		if digit(x[0]) && digit(y[0]) {
			p, q := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(p) != len(q) {
				return len(p) - len(q)
			}
			x, y = p, q
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		a, b = a[len(run(a)):], b[len(run(b)):]
	}
	return len(a) - len(b)
}

// run is the longest start of s that is all digits or has none.
func run(s string) string {
	end := 1
	for end < len(s) && digit(s[end]) == digit(s[0]) {
		end++
	}
	return s[:end]
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// newest is the number of the last event in the log.
func newest(tx *store.Tx) (int64, error) {
	last, err := tx.Events(store.EventQuery{Limit: 1, Last: true})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Seq, nil
}
