package web

import (
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// wallPage is the dashboard on a wall: it only shows, and needs no login but its link.
type wallPage struct {
	dashboard
	Wall string // its name
}

// wallOf is the wall whose link has this token, nil for none. The lookup of a hash leaks
// nothing through its timing.
func wallOf(tx *store.Tx, token string) (*baremetal.Wall, error) {
	found, err := tx.Walls().List(store.Where("token", baremetal.TokenHash(token)))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func (w *Web) wallPage(rw http.ResponseWriter, r *http.Request) {
	token, d := r.PathValue("token"), &wallPage{}
	err := w.Store.View(r.Context(), func(tx *store.Tx) error {
		wall, err := wallOf(tx, token)
		if err != nil {
			return err
		}
		if wall == nil {
			return baremetal.Errorf(baremetal.ErrNotFound,
				"This link to the wall was withdrawn, or never was. An administrator makes links under System.")
		}
		found, err := w.readDashboard(tx)
		if err != nil {
			return err
		}
		found.page, err = w.live(tx, "Machines", "")
		d.dashboard, d.Wall = *found, wall.Name
		d.Guarded, d.Class = false, "wall"
		d.Stream += "&wall=" + token
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	d.narrow(r.URL.Query().Get("only"), r.URL.Query().Get("q"))
	w.render(rw, http.StatusOK, "wall", d)
}

// wallView keeps a wall up to date. It shows nothing but machines.
type wallView struct{ dashboardView }

func (v *wallView) update(tx *store.Tx, events []*baremetal.Event, lost bool) ([]fragment, error) {
	list, err := v.dashboardView.update(tx, events, lost)
	return slices.DeleteFunc(list, func(f fragment) bool { return f.id == "strangers" }), err
}

// hangs reports whether the link with this token still shows the wall.
func (w *Web) hangs(r *http.Request, token string) bool {
	var wall *baremetal.Wall
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		wall, err = wallOf(tx, token)
		return err
	})
	return err == nil && wall != nil
}
