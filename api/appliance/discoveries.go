package applianceapi

import (
	"encoding/json"
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// maxApproval is the limit of an approval's body in bytes.
const maxApproval = 64 << 10

// discoveryView is a machine that waits for approval.
type discoveryView struct {
	UUID       string           `json:"uuid"`
	MAC        string           `json:"mac"`
	Addresses  []string         `json:"addresses"`
	From       string           `json:"from"`
	Found      time.Time        `json:"found"`
	Seen       time.Time        `json:"seen"`
	Inventory  baremetal.Object `json:"inventory"`
	PluginData baremetal.Object `json:"plugin_data,omitempty"`
}

func viewOfDiscovery(d *baremetal.Discovery) discoveryView {
	return discoveryView{UUID: d.UUID, MAC: d.MAC, Addresses: d.Addresses, From: d.Address, Found: d.CreatedAt, Seen: d.Seen(),
		Inventory: baremetal.Secrets.Mask(d.Inventory)}
}

// discoveries answers with the machines that wait for approval.
func (a *API) discoveries(w http.ResponseWriter, r *http.Request) {
	list := []discoveryView{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		all, err := tx.Discoveries().List(store.Query{Columns: []string{
			"uuid", "mac", "addresses", "address", "inventory", "created_at", "updated_at"}})
		for _, d := range all {
			list = append(list, viewOfDiscovery(d))
		}
		return err
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, map[string]any{"discoveries": list})
}

// discovery answers with one, and all that was found.
func (a *API) discovery(w http.ResponseWriter, r *http.Request) {
	var view discoveryView
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		d, err := tx.Discoveries().Get(r.PathValue("machine"))
		if err == nil {
			view = viewOfDiscovery(d)
			view.PluginData = baremetal.Secrets.Mask(d.PluginData)
		}
		return err
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, view)
}

// Approval is what an operator adds to what the agent has found. Everything may be left out.
type Approval struct {
	Name       string           `json:"name"`
	Driver     string           `json:"driver"`
	DriverInfo baremetal.Object `json:"driver_info"`
	Storage    string           `json:"storage_interface"`
}

// approve enrols a machine that waits.
func (a *API) approve(w http.ResponseWriter, r *http.Request) {
	var in Approval
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxApproval))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil && r.ContentLength != 0 {
		a.refuse(w, r, baremetal.Errorf(baremetal.ErrInvalid,
			"Want an object with name, driver, driver_info and storage_interface, of which each may be left out: %v", err))
		return
	}
	node, err := a.Approve(r.Context(), r.PathValue("machine"), in)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusAccepted, map[string]any{"node": node})
}

// forget drops a machine that waits.
func (a *API) forget(w http.ResponseWriter, r *http.Request) {
	if err := a.Forget(r.Context(), r.PathValue("machine")); err != nil {
		a.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// agentLog answers with what the agent on a node's machine has said.
func (a *API) agentLog(w http.ResponseWriter, r *http.Request) {
	var log *baremetal.AgentLog
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err == nil {
			log, err = tx.AgentLogs().Find(n.UUID)
		}
		if err == nil && log == nil {
			err = baremetal.Errorf(baremetal.ErrNotFound, "No agent has sent a log from node %s.", n.UUID)
		}
		return err
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(log.Text)) //nolint:errcheck // the client is gone
}
