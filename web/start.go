package web

import (
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// startPage is the first three steps: a network, an image, a machine. Each checks what it can.
type startPage struct {
	page
	Networks  []Network
	Network   bool     // machines can get an address and what to boot, or have got it
	Images    []string // that machines can boot
	Making    int      // images that are being made
	Broken    int      // images that could not be made
	Machines  int
	Up        int // of these
	Strangers []stranger
}

func (w *Web) startPage(rw http.ResponseWriter, r *http.Request) {
	var d *startPage
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if d, err = w.readStart(tx); err != nil {
			return err
		}
		d.page, err = w.live(tx, "First steps", "")
		d.Stream += "&start=1"
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "start", d)
}

// startView keeps a browser's page of the first steps up to date.
type startView struct{ web *Web }

func (v startView) update(tx *store.Tx, _ []*baremetal.Event, _ bool) ([]fragment, error) {
	d, err := v.web.readStart(tx)
	return []fragment{{id: "steps", template: "start-steps", data: d}}, err
}

func (w *Web) readStart(tx *store.Tx) (*startPage, error) {
	d := &startPage{}
	if w.Networks != nil {
		d.Networks = w.Networks()
	}
	d.Network = slices.ContainsFunc(d.Networks, func(n Network) bool { return n.Mode != "off" && !n.Rival })
	images, err := tx.Images().List(store.Query{})
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		switch i.Status {
		case baremetal.ImageActive:
			d.Images = append(d.Images, label(i.Name, i.UUID))
		case baremetal.ImageKilled:
			d.Broken++
		default:
			d.Making++
		}
	}
	machines, err := w.readMachines(tx)
	if err != nil {
		return nil, err
	}
	d.Machines = len(machines)
	for _, m := range machines {
		d.Network = d.Network || slices.ContainsFunc(m.boots, served)
		if m.boots.Last().Status(m.sight(tx.Now())).State == boot.StateUp {
			d.Up++
		}
	}
	d.Strangers, err = readStrangers(tx)
	return d, err
}

// served reports whether a machine got its boot script, so that its network is in order
// whoever gives the addresses.
func served(b *boot.Boot) bool {
	return slices.ContainsFunc(b.Steps, func(s boot.Step) bool { return s.Kind == baremetal.EventScript && s.State == boot.StepDone })
}
