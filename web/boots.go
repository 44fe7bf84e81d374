package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// The page of the boots of the last hours.
const (
	usualHours = 3
	mostHours  = 72
	laneWidth  = 1000 // units of a lane
	narrowStep = 4    // of a step too short to see
)

// bootsPage is a lane for each machine that booted in the last hours.
type bootsPage struct {
	page
	Hours  int
	Lanes  []lane
	Marks  []mark
	Slow   []slowStep // the slowest step of the slowest boots, the slowest first
	Others []int      // hours to choose from
}

// lane is the boots of one machine.
type lane struct {
	UUID, Name string
	Boots      []laneBoot
	Slowest    string // its slowest step
}

// laneBoot is one boot in its lane.
type laneBoot struct {
	Segments []laneSegment
	Title    string
}

// laneSegment is one step of a boot, in thousandths of the hours.
type laneSegment struct {
	X, Width int
	Class    string
	Title    string
}

// mark is a time on the scale.
type mark struct {
	X    int
	Time time.Time
}

// slowStep is the time between two steps of a boot.
type slowStep struct {
	UUID, Name string
	Step       string
	Took       time.Duration
	At         time.Time
}

// TookText is the time for a person.
func (s slowStep) TookText() string { return elapsed(s.Took) }

func (w *Web) bootsPage(rw http.ResponseWriter, r *http.Request) {
	hours, err := strconv.Atoi(r.URL.Query().Get("hours"))
	if err != nil || hours < 1 || hours > mostHours {
		hours = usualHours
	}
	d := &bootsPage{Hours: hours, Others: []int{1, 3, 12, 24, 72}}
	err = w.Store.View(r.Context(), func(tx *store.Tx) error {
		if err := w.readLanes(tx, d); err != nil {
			return err
		}
		d.page, err = w.live(tx, "Boots", "")
		d.Stream += "&boots=" + strconv.Itoa(hours)
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "boots", d)
}

// bootsView keeps a browser's page of the boots up to date.
type bootsView struct {
	web   *Web
	hours int
}

func (v bootsView) update(tx *store.Tx, _ []*baremetal.Event, _ bool) ([]fragment, error) {
	d := &bootsPage{Hours: v.hours}
	return []fragment{{id: "lanes", template: "boots-lanes", data: d}}, v.web.readLanes(tx, d)
}

func (w *Web) readLanes(tx *store.Tx, d *bootsPage) error {
	machines, err := w.readMachines(tx)
	if err != nil {
		return err
	}
	now := tx.Now()
	from := now.Add(-time.Duration(d.Hours) * time.Hour)
	for i := range 5 {
		d.Marks = append(d.Marks, mark{i * laneWidth / 4, from.Add(time.Duration(i) * now.Sub(from) / 4)})
	}
	for _, m := range machines {
		l := lane{UUID: m.node.UUID, Name: m.node.Label()}
		var slowest slowStep
		for i, b := range m.boots {
			if b.Latest.Before(from) {
				continue
			}
			status := m.boots.Status(i, m.sight(now))
			l.Boots = append(l.Boots, newLaneBoot(b, status, from, now))
			if s := slowestStep(b); s.Took > slowest.Took {
				slowest = s
			}
		}
		if len(l.Boots) == 0 {
			continue
		}
		if slowest.Took > 0 {
			slowest.UUID, slowest.Name = l.UUID, l.Name
			l.Slowest = slowest.Step + ", " + elapsed(slowest.Took)
			d.Slow = append(d.Slow, slowest)
		}
		d.Lanes = append(d.Lanes, l)
	}
	slices.SortStableFunc(d.Slow, func(a, b slowStep) int { return int(b.Took - a.Took) })
	d.Slow = d.Slow[:min(len(d.Slow), 5)]
	return nil
}

// newLaneBoot draws a boot between two times.
func newLaneBoot(b *boot.Boot, status boot.Status, from, to time.Time) laneBoot {
	bar := newBarView(b, status)
	v := laneBoot{Title: bar.Caption + ", " + bar.Elapsed}
	before := b.Began
	for i, s := range b.Steps {
		class := bar.Segments[i].Class
		end := s.At
		switch {
		case class == "now" || class == "stuck":
			end = to
		case class == "failed":
			end = b.Latest
		case s.At.IsZero():
			continue
		}
		if x, width, seen := place(before, end, from, to); seen {
			v.Segments = append(v.Segments, laneSegment{x, width, class, bar.Segments[i].Title})
		}
		before = end
	}
	return v
}

// place is where the time from a to b is drawn between two others, and whether it is.
func place(a, b, from, to time.Time) (x, width int, seen bool) {
	if b.Before(from) || !a.Before(to) {
		return 0, 0, false
	}
	if a.Before(from) {
		a = from
	}
	whole := max(to.Sub(from), time.Millisecond)
	x = min(int(laneWidth*a.Sub(from)/whole), laneWidth-narrowStep)
	return x, max(int(laneWidth*b.Sub(a)/whole), narrowStep), true
}

// slowestStep is the longest wait of a boot for its next step.
func slowestStep(b *boot.Boot) (slowest slowStep) {
	before := b.Began
	for _, s := range b.Steps {
		if s.State != boot.StepDone {
			continue
		}
		if took := s.At.Sub(before); took > slowest.Took {
			slowest = slowStep{Step: captions[s.Kind].label, Took: took, At: s.At}
		}
		before = s.At
	}
	return slowest
}
