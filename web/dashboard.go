package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// dashboard is the page of all machines.
type dashboard struct {
	page
	Tiles     []tile
	Summary   []badge
	Strangers []stranger
}

func (w *Web) dashboardPage(rw http.ResponseWriter, r *http.Request) {
	var found *dashboard
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if found, err = w.readDashboard(tx); err != nil {
			return err
		}
		found.page, err = w.live(tx, "Machines", "")
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "dashboard", found)
}

func (w *Web) readDashboard(tx *store.Tx) (*dashboard, error) {
	machines, err := w.readMachines(tx)
	if err != nil {
		return nil, err
	}
	found := &dashboard{}
	for _, m := range machines {
		found.Tiles = append(found.Tiles, newTile(m, tx.Now()))
	}
	found.Summary = summary(found.Tiles)
	found.Strangers, err = readStrangers(tx)
	return found, err
}

// summary counts the machines by what an operator wants to know first.
func summary(tiles []tile) []badge {
	counts := make(map[string]int)
	for _, t := range tiles {
		if t.Power.Tone == "good" {
			counts["on"]++
		}
		switch {
		case t.Bar.Problem != "" || t.Alarm || t.State.Tone == "bad":
			counts["in trouble"]++
		case t.Bar.Mood == "running":
			counts["booting"]++
		}
	}
	list := []badge{{fmt.Sprintf("%d machines", len(tiles)), "calm"}}
	if len(tiles) == 1 {
		list[0].Text = "1 machine"
	}
	for _, b := range []badge{{"on", "good"}, {"booting", "busy"}, {"in trouble", "bad"}} {
		if n := counts[b.Text]; n > 0 {
			list = append(list, badge{fmt.Sprintf("%d %s", n, b.Text), b.Tone})
		}
	}
	return list
}

// dashboardView keeps a browser's dashboard up to date: tile by tile, or as a whole when
// machines come and go.
type dashboardView struct {
	web   *Web
	order []string        // UUIDs of the machines as shown; nil before the first update
	tiles map[string]tile // by UUID
}

func (v *dashboardView) update(tx *store.Tx, events []*baremetal.Event, lost bool) ([]fragment, error) {
	moved := lost || slices.ContainsFunc(events, rearranges)
	if moved || len(events) == 0 || v.order == nil {
		return v.whole(tx, moved)
	}
	var changed []fragment
	for _, uuid := range concerned(events) {
		m, err := v.web.readMachine(tx, uuid)
		if errors.Is(err, baremetal.ErrNotFound) {
			continue // its end is an event too
		}
		if err != nil {
			return nil, err
		}
		v.tiles[uuid] = newTile(m, tx.Now())
		changed = append(changed, tileFragment(v.tiles[uuid]))
	}
	changed = append(changed, summaryFragment(slices.Collect(maps.Values(v.tiles))))
	if !slices.ContainsFunc(events, anonymous) {
		return changed, nil
	}
	list, err := readStrangers(tx)
	return append(changed, strangersFragment(list)), err
}

// whole reads everything. Only when the set or the order of the machines changed
// does the dashboard itself go to the browser, else its tiles.
func (v *dashboardView) whole(tx *store.Tx, moved bool) ([]fragment, error) {
	found, err := v.web.readDashboard(tx)
	if err != nil {
		return nil, err
	}
	order := make([]string, 0, len(found.Tiles))
	tiles := make(map[string]tile)
	var list []fragment
	for _, t := range found.Tiles {
		order, tiles[t.UUID] = append(order, t.UUID), t
		list = append(list, tileFragment(t))
	}
	if moved && (v.order == nil || !slices.Equal(order, v.order)) {
		for i := range list {
			list[i].within = true
		}
		list = append(list, fragment{id: "dashboard", template: "dashboard-tiles", data: found})
	}
	v.order, v.tiles = order, tiles
	return append(list, summaryFragment(found.Tiles), strangersFragment(found.Strangers)), nil
}

func tileFragment(t tile) fragment { return fragment{id: "m-" + t.UUID, template: "tile", data: t} }

func summaryFragment(tiles []tile) fragment {
	return fragment{id: "summary", template: "summary", data: summary(tiles)}
}

func strangersFragment(list []stranger) fragment {
	return fragment{id: "strangers", template: "strangers", data: list}
}

// anonymous reports whether e belongs to a machine that is not enrolled.
func anonymous(e *baremetal.Event) bool { return e.Node == "" }

// rearranges reports whether a machine came, went or got another name.
func rearranges(e *baremetal.Event) bool { return e.Kind == baremetal.EventNode }

// concerned returns the UUIDs of the nodes in events, each once, in order.
func concerned(events []*baremetal.Event) []string {
	var list []string
	for _, e := range events {
		if e.Node != "" && !slices.Contains(list, e.Node) {
			list = append(list, e.Node)
		}
	}
	return list
}
