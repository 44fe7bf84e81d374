package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// asking is a button of a machine's page that opens what its BMC answers.
type asking struct{ Label, Path, Command string }

// askings are those of n.
func (w *Web) askings(n *baremetal.Node) (list []asking) {
	path := "/ui/machines/" + n.UUID
	if w.HardwareLog != nil && n.Interfaces.HasBMC() {
		list = append(list, asking{"Event log", path + "/sel", command("sel", n)})
	}
	if w.Sensors != nil && n.Interfaces.HasBMC() {
		list = append(list, asking{"Sensors", path + "/sensors", command("sensors", n)})
	}
	return list
}

// bmcPage is what the BMC of a machine answers. It is asked when the page is opened: a BMC is slow, and has few sessions.
type bmcPage struct {
	page
	UUID, Name string
	Command    string     // that does the same
	Problem    string     // why there is no answer
	Full       bool       // newer events are not in the log
	Clears     bool       // the user may empty it
	Entries    []logEntry // the newest first
	Sensors    []sensor   // by their names
}

// logEntry is a row of an event log.
type logEntry struct {
	baremetal.LogEntry
	After string // the BMC was started, where its clock was not set
	Tone  string
}

// sensor is a row of what is measured.
type sensor struct {
	baremetal.Reading
	Tone string
}

// tones are those of severities and of the health of sensors.
var tones = map[string]string{baremetal.HealthWarning: "warn", baremetal.HealthCritical: "bad"}

func (w *Web) selPage(rw http.ResponseWriter, r *http.Request) {
	if w.HardwareLog == nil {
		w.lost(rw, r)
		return
	}
	w.bmcPage(rw, r, "sel", "Event log of ", func(ctx context.Context, d *bmcPage) error {
		log, err := w.HardwareLog(ctx, d.UUID)
		for _, e := range slices.Backward(log.Entries) {
			row := logEntry{LogEntry: e, Tone: tones[e.Severity]}
			if e.At.IsZero() && e.Uptime > 0 {
				row.After = elapsed(e.Uptime)
			}
			d.Entries = append(d.Entries, row)
		}
		d.Full = log.Lost
		d.Clears = err == nil && w.role(w.sessions.find(r, w.now())).Allows(baremetal.RoleOperator)
		return err
	})
}

func (w *Web) sensorsPage(rw http.ResponseWriter, r *http.Request) {
	if w.Sensors == nil {
		w.lost(rw, r)
		return
	}
	w.bmcPage(rw, r, "sensors", "Sensors of ", func(ctx context.Context, d *bmcPage) error {
		list, err := w.Sensors(ctx, d.UUID)
		for _, one := range list {
			d.Sensors = append(d.Sensors, sensor{one, tones[one.Health]})
		}
		slices.SortStableFunc(d.Sensors, func(a, b sensor) int { return strings.Compare(a.Name, b.Name) })
		return err
	})
}

// bmcPage asks the BMC of the machine, and shows the page of that name: the answer, or in words why there is none.
func (w *Web) bmcPage(rw http.ResponseWriter, r *http.Request, name, title string, ask func(context.Context, *bmcPage) error) {
	var d bmcPage
	err := w.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err == nil {
			d.UUID, d.Name, d.page, d.Command = n.UUID, n.Label(), w.page(title+n.Label()), command(name, n)
			d.BMC = true
		}
		return err
	})
	if err == nil {
		err = ask(r.Context(), &d)
	}
	if isForReaders(err) {
		d.Problem, err = err.Error(), nil
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, name, d)
}

// isForReaders reports whether an error is about the machine or its BMC, and says what to do. Others are about the appliance.
func isForReaders(err error) bool {
	kinds := []error{baremetal.ErrBMC, baremetal.ErrUnsupported, baremetal.ErrInvalid, baremetal.ErrConflict, baremetal.ErrLocked,
		baremetal.ErrBusy}
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}
