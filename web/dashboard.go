package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// dashboard is the page of all machines.
type dashboard struct {
	page
	Tiles     []tile
	Only      string // the kind of machines asked for, "" for all
	Words     string // to be seen on the tiles asked for
	Summary   []counted
	Strangers []stranger
	Images    []string // to rebuild machines from
	Views     []*baremetal.View
	Space     *Space // nil where that is not known
}

func (w *Web) dashboardPage(rw http.ResponseWriter, r *http.Request) {
	var found *dashboard
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if found, err = w.readDashboard(tx); err != nil {
			return err
		}
		if found.Images, err = bootableImages(tx); err != nil {
			return err
		}
		if found.Views, err = tx.Views().List(store.Query{}); err != nil {
			return err
		}
		found.page, err = w.live(tx, "Machines", "")
		found.Many, found.Space = true, w.space()
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	found.narrow(r.URL.Query().Get("only"), r.URL.Query().Get("q"))
	w.render(rw, http.StatusOK, "dashboard", found)
}

// Roomy reports whether there is space for large tiles.
func (d *dashboard) Roomy() bool { return len(d.Tiles) <= fewMachines }

// narrow hides the machines that are not of the kind, "" for any, or on whose tile one of
// the words is not to be seen.
func (d *dashboard) narrow(kind, words string) {
	d.Only, d.Words = kind, words
	for i, t := range d.Tiles {
		text := t.seen()
		missing := func(word string) bool { return !strings.Contains(text, word) }
		d.Tiles[i].Hidden = kind != "" && !slices.Contains(strings.Fields(t.Kind()), kind) ||
			slices.ContainsFunc(strings.Fields(strings.ToLower(words)), missing)
	}
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
	slices.SortStableFunc(found.Tiles, inOrder)
	found.Summary = summary(found.Tiles)
	found.Strangers, err = readStrangers(tx)
	return found, err
}

// inOrder compares tiles in the order of the page: trouble first, then by name as people
// count. The script of the page keeps the same order.
func inOrder(a, b tile) int {
	if a.trouble() != b.trouble() {
		if a.trouble() {
			return -1
		}
		return 1
	}
	return natural(a.Name, b.Name)
}

// kindsOfMachines are what an operator wants to know first.
var kindsOfMachines = []struct {
	name, text, tone string
	has              func(tile) bool
}{
	{"on", "on", "good", func(t tile) bool { return t.Power.Tone == "good" }},
	{"booting", "booting", "busy", func(t tile) bool { return !t.trouble() && t.Bar.Mood == "running" }},
	{"trouble", "in trouble", "bad", tile.trouble},
}

// counted is how many machines of a kind there are.
type counted struct {
	badge
	Kind string // "" for all
}

// summary counts the machines by kind.
func summary(tiles []tile) []counted {
	list := []counted{{badge{fmt.Sprintf("%d machines", len(tiles)), "calm"}, ""}}
	if len(tiles) == 1 {
		list[0].Text = "1 machine"
	}
	for _, k := range kindsOfMachines {
		n := 0
		for _, t := range tiles {
			if k.has(t) {
				n++
			}
		}
		if n > 0 {
			list = append(list, counted{badge{fmt.Sprintf("%d %s", n, k.text), k.tone}, k.name})
		}
	}
	return list
}

// dashboardView keeps a browser's dashboard up to date, tile by tile.
type dashboardView struct {
	web   *Web
	tiles map[string]tile // by UUID, as shown; nil before the first update
}

func (v *dashboardView) update(tx *store.Tx, events []*baremetal.Event, lost bool) ([]fragment, error) {
	moved := lost || slices.ContainsFunc(events, rearranges)
	if lost || v.tiles == nil || len(events) == 0 {
		return v.whole(tx, moved)
	}
	before := len(v.tiles)
	var changed []fragment
	for _, uuid := range concerned(events) {
		f, err := v.one(tx, uuid)
		if err != nil {
			return nil, err
		}
		changed = append(changed, f...)
	}
	if after := len(v.tiles); after != before && min(before, after) <= fewMachines {
		v.tiles = nil // all tiles change their size
		return v.whole(tx, true)
	}
	changed = append(changed, summaryFragment(slices.Collect(maps.Values(v.tiles))))
	if !slices.ContainsFunc(events, anonymous) && !moved {
		return changed, nil
	}
	list, err := readStrangers(tx)
	return append(changed, strangersFragment(list)), err
}

// fewMachines get large tiles.
const fewMachines = 6

// one is what has changed of one machine: its tile, which may be new, or gone.
func (v *dashboardView) one(tx *store.Tx, uuid string) ([]fragment, error) {
	_, shown := v.tiles[uuid]
	m, err := v.web.readMachine(tx, uuid)
	switch {
	case errors.Is(err, baremetal.ErrNotFound) && !shown:
		return nil, nil
	case errors.Is(err, baremetal.ErrNotFound):
		delete(v.tiles, uuid)
		return []fragment{{id: "m-" + uuid, swap: "delete"}}, nil
	case err != nil:
		return nil, err
	}
	v.tiles[uuid] = newTile(m, tx.Now())
	f := tileFragment(v.tiles[uuid])
	if !shown {
		f.swap, f.target = "beforeend", "dashboard"
	}
	return []fragment{f}, nil
}

// whole reads everything. Only when machines came or went does the dashboard itself go to
// the browser, else its tiles.
func (v *dashboardView) whole(tx *store.Tx, moved bool) ([]fragment, error) {
	found, err := v.web.readDashboard(tx)
	if err != nil {
		return nil, err
	}
	tiles := make(map[string]tile, len(found.Tiles))
	var list []fragment
	same := len(found.Tiles) == len(v.tiles)
	for _, t := range found.Tiles {
		_, shown := v.tiles[t.UUID]
		same = same && shown
		tiles[t.UUID] = t
		list = append(list, tileFragment(t))
	}
	if moved && (v.tiles == nil || !same) {
		for i := range list {
			list[i].within = true
		}
		list = append(list, fragment{id: "dashboard", template: "dashboard-tiles", data: found})
	}
	v.tiles = tiles
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

// rearranges reports whether a machine may have come, gone or got another name.
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
