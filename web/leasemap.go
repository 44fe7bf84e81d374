package web

import (
	"net/netip"

	"ironhook/store"
)

// mapCells is how many addresses of a range are drawn.
const mapCells = 4096

// rangeMap is a range of addresses to lease, an address a cell.
type rangeMap struct {
	Interface   string
	First, Last netip.Addr
	Cells       []cell
	Used        int
}

// cell is one address.
type cell struct {
	Address netip.Addr
	Class   string // free, ours, foreign, over
	Title   string
	X, Y    int
}

// cellsPerRow is the width of a map.
const cellsPerRow = 32

// Rows is its height.
func (m rangeMap) Rows() int { return (len(m.Cells) + cellsPerRow - 1) / cellsPerRow }

// readRanges draws the ranges of all networks.
func (w *Web) readRanges(tx *store.Tx) ([]rangeMap, error) {
	if w.Networks == nil {
		return nil, nil
	}
	rows, err := readLeases(tx)
	return rangeMaps(w.Networks(), rows), err
}

func rangeMaps(networks []Network, rows []leaseRow) (maps []rangeMap) {
	leased := map[netip.Addr]leaseRow{}
	for _, r := range rows {
		leased[r.Address] = r
	}
	for _, n := range networks {
		if !n.First.IsValid() {
			continue
		}
		m := rangeMap{Interface: n.Interface, First: n.First, Last: n.Last}
		for a := n.First; a.Compare(n.Last) <= 0 && len(m.Cells) < mapCells; a = a.Next() {
			c := newCell(a, leased)
			c.X, c.Y = len(m.Cells)%cellsPerRow, len(m.Cells)/cellsPerRow
			if c.Class != "free" && c.Class != "over" {
				m.Used++
			}
			m.Cells = append(m.Cells, c)
		}
		maps = append(maps, m)
	}
	return maps
}

func newCell(a netip.Addr, leased map[netip.Addr]leaseRow) cell {
	r, taken := leased[a]
	if !taken {
		return cell{Address: a, Class: "free", Title: a.String() + ": free"}
	}
	who := r.MAC
	if r.Node != "" {
		who = r.Node
	}
	c := cell{Address: a, Class: "ours", Title: a.String() + ": " + who}
	switch {
	case r.Over:
		c.Class, c.Title = "over", c.Title+", until lately"
	case r.Foreign:
		c.Class, c.Title = "foreign", c.Title+", given by another server"
	}
	return c
}
