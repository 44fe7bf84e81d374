package web

import (
	"fmt"
	"strconv"
	"time"

	"ironhook/boot"
	"ironhook/store"
)

// Session is one iSCSI session with a disk, and what it has done so far.
type Session struct {
	Initiator, Remote       string
	Since                   time.Time
	Reads, Writes           uint64 // commands
	ReadBytes, WrittenBytes uint64
	Errors                  uint64        // commands
	InFlight                int           // commands now
	Median, Slow            time.Duration // within which half of the commands were answered, and 99 of 100
}

// links returns the link of each node that has grants among those of the query.
func (w *Web) links(tx *store.Tx, q store.Query) (map[string]boot.Link, error) {
	if w.Open == nil {
		return nil, nil
	}
	grants, err := tx.Grants().List(q)
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	open, links := w.Open(), map[string]boot.Link{}
	for _, g := range grants {
		links[g.Node] = max(links[g.Node], boot.LinkDown)
		if open[g.IQN] {
			links[g.Node] = boot.LinkUp
		}
	}
	return links, nil
}

// diskGroups are the sessions with the disks that a node is given now.
func (w *Web) diskGroups(tx *store.Tx, node string) (groups []group, err error) {
	if w.Sessions == nil {
		return nil, nil
	}
	grants, err := tx.Grants().List(store.Where("node_uuid", node))
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		for _, s := range w.Sessions(g.IQN) {
			groups = append(groups, group{"Session with " + g.Volume, s.facts()})
		}
	}
	return groups, nil
}

func (s *Session) facts() []fact {
	list := []fact{
		{"Initiator", s.Initiator}, {"From", s.Remote}, {"Since", s.Since.UTC().Format(time.DateTime) + " UTC"},
		{"Read", fmt.Sprintf("%s in %d commands", amount(s.ReadBytes), s.Reads)},
		{"Written", fmt.Sprintf("%s in %d commands", amount(s.WrittenBytes), s.Writes)},
		{"Waiting", fmt.Sprintf("%d commands", s.InFlight)},
	}
	if s.Slow > 0 {
		list = append(list, fact{"Answered within", fmt.Sprintf("%v (half), %v (99 of 100)", s.Median, s.Slow)})
	}
	if s.Errors > 0 {
		list = append(list, fact{"Failed", strconv.FormatUint(s.Errors, 10)})
	}
	return list
}

// amount is a number of bytes for people.
func amount(n uint64) string {
	v, unit := float64(n), 0
	for units := len(amountUnits) - 1; v >= 1024 && unit < units; unit++ {
		v /= 1024
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, amountUnits[unit])
}

var amountUnits = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
