package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// The length of the history on a machine's page.
const (
	pastEvents  = 600 // read for the boots
	pastBoots   = 5
	tailEvents  = 60 // listed
	kilopixels  = 1000
	sliverWidth = 3 // of a step too short to see
)

// machinePage is a machine's page.
type machinePage struct {
	page
	Tile    tile
	Gone    bool // the node was deleted
	Notes   string
	Uses    bool // it has volumes that may be in use
	Actions []action
	Console bool       // it has a serial console
	Asks    []asking   // what its BMC can be asked
	Boots   []bootView // the latest first
	Groups  []group
	Events  []line // the latest first
}

// group is a titled list of facts.
type group struct {
	Title string
	Facts []fact
}

// line is one event in a list.
type line struct {
	At     time.Time
	Kind   string
	Detail string
	User   string // whose request it was; "" for a machine's or the appliance's own doing
	Tone   string
}

// bootView is one boot as a waterfall of its steps.
type bootView struct {
	Began time.Time
	Bar   barView
	Steps []stepView
}

// stepView is one row of the waterfall: the time that this step took.
type stepView struct {
	Label, Detail string
	Done          string
	At            string // since the boot began
	Delta         string // since the step before; so far, for the awaited one
	Since         int64  // when the awaiting began, milliseconds since 1970; 0 when it is over
	X, Width      int    // of the awaiting, in thousandths of the boot
	Class         string
}

func (w *Web) machinePage(rw http.ResponseWriter, r *http.Request) {
	var d *machinePage
	acts := w.role(w.sessions.find(r, w.now())).Allows(baremetal.RoleOperator)
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if d, err = w.readMachinePage(tx, r.PathValue("node"), acts); err != nil {
			return err
		}
		d.page, err = w.live(tx, d.Tile.Name, d.Tile.UUID)
		d.Graph = true
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "machine", d)
}

// scriptPage shows what the machine would boot now.
type scriptPage struct {
	page
	UUID, Name, Script string
	Problem            string // why there is no script
}

func (w *Web) scriptPage(rw http.ResponseWriter, r *http.Request) {
	var d scriptPage
	err := w.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err != nil {
			return err
		}
		d.UUID, d.Name, d.page = n.UUID, n.Label(), w.page("Boot script of "+n.Label())
		if w.Script == nil {
			d.Problem = "The boot servers are not here."
			return nil
		}
		d.Script, err = w.Script(tx, n.UUID)
		if errors.Is(err, baremetal.ErrInvalid) {
			d.Problem = err.Error()
			return nil
		}
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "script", d)
}

// machineView keeps a browser's page of one machine up to date.
type machineView struct {
	web  *Web
	uuid string
	acts bool // the user may press buttons
}

func (v machineView) update(tx *store.Tx, events []*baremetal.Event, lost bool) ([]fragment, error) {
	mine := func(e *baremetal.Event) bool { return e.Node == v.uuid }
	if len(events) > 0 && !lost && !slices.ContainsFunc(events, mine) {
		return nil, nil
	}
	d, err := v.web.readMachinePage(tx, v.uuid, v.acts)
	if errors.Is(err, baremetal.ErrNotFound) {
		d, err = &machinePage{Gone: true}, nil
	}
	return []fragment{{id: "machine", template: "machine-details", data: d}}, err
}

func (w *Web) readMachinePage(tx *store.Tx, ident string, acts bool) (*machinePage, error) {
	m, err := w.readMachine(tx, ident)
	if err != nil {
		return nil, err
	}
	d := &machinePage{Tile: newTile(m, tx.Now()), Notes: notes(m.node), Console: m.node.Interfaces.HasLine()}
	if acts {
		d.Actions = actions(m.node)
	}
	past, err := readBoots(tx, m.node.UUID, pastEvents)
	if err != nil {
		return nil, err
	}
	d.Asks = w.askings(m.node)
	d.Boots = bootViews(past, m.sight(tx.Now()))
	tail, err := tx.Events(store.EventQuery{Node: m.node.UUID, Limit: tailEvents, Last: true})
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(tail) {
		d.Events = append(d.Events, newLine(e))
	}
	connectors, err := tx.Connectors().List(store.Where("node_uuid", m.node.UUID))
	if err != nil {
		return nil, err
	}
	targets, err := tx.Targets().List(store.Where("node_uuid", m.node.UUID))
	if err != nil {
		return nil, err
	}
	disks, err := w.diskGroups(tx, m.node.UUID)
	d.Groups, d.Uses = append(groups(m, connectors, targets), disks...), len(disks) > 0
	return d, err
}

func newLine(e *baremetal.Event) line {
	tones := map[baremetal.EventKind]string{
		baremetal.EventRefused: "bad", baremetal.EventError: "bad", baremetal.EventUp: "good",
	}
	return line{e.At, string(e.Kind), e.Detail, e.User, tones[e.Kind]}
}

// bootViews are the last boots of a history, the latest first.
func bootViews(h boot.History, now boot.Sight) []bootView {
	var views []bootView
	for i := len(h) - 1; i >= 0 && len(views) < pastBoots; i-- {
		views = append(views, newBootView(h[i], h.Status(i, now), now.At))
	}
	return views
}

func newBootView(b *boot.Boot, status boot.Status, now time.Time) bootView {
	v := bootView{Began: b.Began, Bar: newBarView(b, status)}
	before := b.Began
	for i, s := range b.Steps {
		row := newStepView(s, v.Bar.Segments[i].Class)
		switch {
		case s.State == boot.StepDone && s.At.Equal(b.Began):
			row.At = "0"
			row.X, row.Width = span(b, before, s.At)
		case s.State == boot.StepDone:
			row.At, row.Delta = "+"+elapsed(s.At.Sub(b.Began)), elapsed(max(0, s.At.Sub(before)))
			row.X, row.Width = span(b, before, s.At)
			before = s.At
		case s.State == boot.StepFailed:
			row.Label, row.Detail = cmp.Or(causes[b.Cause], row.Label), b.Reason
		case v.Bar.Since != 0 && i == b.Awaited():
			row.Since, row.Delta = b.Latest.UnixMilli(), elapsed(now.Sub(b.Latest))
		}
		v.Steps = append(v.Steps, row)
	}
	return v
}

func newStepView(s boot.Step, class string) stepView {
	c := captions[s.Kind]
	row := stepView{Label: c.label, Detail: s.Detail, Class: class}
	switch class {
	case "done":
		row.Done = c.done
	case "skipped":
		row.Done = "Not seen"
	case "now":
		row.Done = "Awaited"
	case "stuck":
		row.Done = "Overdue"
	case "failed":
		row.Done = "Failed:"
	}
	return row
}

// span is the position of the time from one step to the next, on a line that is as
// long as the boot up to its latest step.
func span(b *boot.Boot, from, to time.Time) (x, width int) {
	var last time.Time
	for _, s := range b.Steps {
		if s.At.After(last) {
			last = s.At
		}
	}
	total := max(last.Sub(b.Began), time.Millisecond)
	x = min(int(kilopixels*from.Sub(b.Began)/total), kilopixels-sliverWidth)
	return x, max(int(kilopixels*to.Sub(from)/total), sliverWidth)
}
