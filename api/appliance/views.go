package applianceapi

import (
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

func (a *API) fleetViews() fleet.Views { return fleet.Views{Store: a.Store} }

func (a *API) listWalls(w http.ResponseWriter, r *http.Request) {
	all := []map[string]string{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		return tx.Walls().Each(store.Query{}, func(one *baremetal.Wall) error {
			all = append(all, map[string]string{"name": one.Name, "created_at": one.CreatedAt.UTC().Format(time.RFC3339)})
			return nil
		})
	})
	a.answer(w, r, http.StatusOK, map[string]any{"walls": all}, err)
}

// addWall answers with the only copy of the link.
func (a *API) addWall(w http.ResponseWriter, r *http.Request) {
	in, err := readStrings(r, "name")
	var token string
	if err == nil {
		token, err = a.fleetViews().Hang(r.Context(), in["name"])
	}
	path := "/ui/wall/" + token
	made := map[string]any{"name": in["name"], "path": path}
	if base := a.LinkBase(r); base != "" {
		made["url"] = base + path
	}
	a.answer(w, r, http.StatusCreated, made, err)
}

func (a *API) deleteWall(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, http.StatusNoContent, nil, a.fleetViews().Unhang(r.Context(), r.PathValue("name")))
}

func (a *API) listViews(w http.ResponseWriter, r *http.Request) {
	all := []map[string]string{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		return tx.Views().Each(store.Query{}, func(one *baremetal.View) error {
			all = append(all, map[string]string{"name": one.Name, "query": one.Query})
			return nil
		})
	})
	a.answer(w, r, http.StatusOK, map[string]any{"views": all}, err)
}

func (a *API) saveView(w http.ResponseWriter, r *http.Request) {
	in, err := readStrings(r, "query")
	if err == nil {
		err = a.fleetViews().Save(r.Context(), r.PathValue("name"), in["query"])
	}
	a.answer(w, r, http.StatusNoContent, nil, err)
}

func (a *API) deleteView(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, http.StatusNoContent, nil, a.fleetViews().Drop(r.Context(), r.PathValue("name")))
}

// setLog changes how talkative the log is, until the appliance ends.
func (a *API) setLog(w http.ResponseWriter, r *http.Request) {
	in, err := readStrings(r, "level")
	if err == nil {
		err = a.LogLevel(in["level"])
	}
	if err == nil {
		a.Log.Info("log level", "level", in["level"], "user", baremetal.UserOf(r.Context()))
	}
	a.answer(w, r, http.StatusNoContent, nil, err)
}

// answer sends body as JSON, nothing for nil, or the error.
func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, body any, err error) {
	switch {
	case err != nil:
		a.refuse(w, r, err)
	case body == nil:
		w.WriteHeader(status)
	default:
		rest.Reply(w, status, body)
	}
}
