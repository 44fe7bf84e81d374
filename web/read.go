package web

import (
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
	return boot.Look(m.node, m.link, now)
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
		lease, err := tx.Leases().Find(p.Address)
		if err != nil {
			return nil, err
		}
		if lease != nil {
			m.leases = append(m.leases, lease)
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
	all := make([]*machine, 0, len(nodes))
	of := make(map[string]*machine, len(nodes))
	for _, node := range nodes {
		m := &machine{node: node, link: links[node.UUID]}
		all, of[node.UUID] = append(all, m), m
	}
	if err := readCards(tx, of); err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.boots, err = readBoots(tx, m.node.UUID, recentEvents); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b *machine) int { return natural(a.node.Label(), b.node.Label()) })
	return all, nil
}

// readCards gives all machines their ports and leases at once.
func readCards(tx *store.Tx, of map[string]*machine) error {
	leases, err := tx.Leases().List(store.Query{})
	if err != nil {
		return err
	}
	byMAC := make(map[string]*baremetal.Lease, len(leases))
	for _, l := range leases {
		byMAC[l.MAC] = l
	}
	ports, err := tx.Ports().List(store.Query{})
	if err != nil {
		return err
	}
	for _, p := range ports {
		m := of[p.NodeUUID]
		if m == nil {
			continue
		}
		m.ports = append(m.ports, p)
		if l := byMAC[p.Address]; l != nil {
			m.leases = append(m.leases, l)
		}
	}
	return nil
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
