package applianceapi

import (
	"encoding/json"
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// recent is how many events of a node are read for its boot.
const recent = 200

// bootView is the present boot of a node, as a client sees it.
type bootView struct {
	Node    string          `json:"node"`
	Name    any             `json:"name"`
	State   boot.State      `json:"state"`
	Failed  any             `json:"failed"`  // what failed: a step, or "attach" for its volumes
	Problem any             `json:"problem"` // what is wrong and what to do
	Chore   any             `json:"chore"`   // what a person has to do before it can go on
	Began   json.RawMessage `json:"began"`
	Seconds float64         `json:"seconds"` // that it took, or has taken so far
	Steps   []stepView      `json:"steps"`
}

type stepView struct {
	Step   baremetal.EventKind `json:"step"`
	State  boot.StepState      `json:"state"`
	At     json.RawMessage     `json:"at"`
	Detail string              `json:"detail"`
}

// boot answers with the present boot of a node.
func (a *API) boot(w http.ResponseWriter, r *http.Request) {
	var view bootView
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err != nil {
			return err
		}
		view, err = a.readBoot(tx, n)
		return err
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, view)
}

// boots answers with the present boots of all nodes.
func (a *API) boots(w http.ResponseWriter, r *http.Request) {
	list := []bootView{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		nodes, err := tx.Nodes().List(store.Query{})
		if err != nil {
			return err
		}
		for _, n := range nodes {
			view, err := a.readBoot(tx, n)
			if err != nil {
				return err
			}
			list = append(list, view)
		}
		return nil
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, list)
}

func (a *API) readBoot(tx *store.Tx, n *baremetal.Node) (view bootView, err error) {
	grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return view, err
	}
	history, err := boot.Read(recent, func(kinds []baremetal.EventKind, limit int) ([]*baremetal.Event, error) {
		return tx.Events(store.EventQuery{Node: n.UUID, Kinds: kinds, Limit: limit, Last: true})
	})
	if err != nil {
		return view, err
	}
	last := history.Last()
	status := last.Status(boot.Look(n, boot.LinkOf(grants, a.Open), tx.Now()))
	view = bootView{
		Node: n.UUID, Name: rest.Text(n.Name), State: status.State, Problem: rest.Text(status.Problem), Chore: rest.Text(status.Chore),
		Began: rest.AppendTime(nil, last.Began), Seconds: status.Elapsed.Seconds(),
	}
	for _, s := range last.Steps {
		view.Steps = append(view.Steps, stepView{s.Kind, s.State, rest.AppendTime(nil, s.At), s.Detail})
		if s.State == boot.StepFailed {
			view.Failed = s.Kind
		}
	}
	if last.Cause != "" {
		view.Failed = last.Cause
	}
	return view, nil
}

// script answers with the script that a node would get now, its secrets masked.
func (a *API) script(w http.ResponseWriter, r *http.Request) {
	var text string
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		text, err = a.Script(tx, r.PathValue("node"))
		return err
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(text)) //nolint:errcheck // the client went away
}

// leaseView is an address that a machine has, as a client sees it.
type leaseView struct {
	MAC       string          `json:"mac"`
	Address   string          `json:"address"`
	Interface string          `json:"interface"`
	Foreign   bool            `json:"foreign"` // another DHCP server gave it
	Expires   json.RawMessage `json:"expires"`
	Node      any             `json:"node"` // name or UUID; null for a machine that is not enrolled
}

// leases answers with the addresses of all machines, in the order of the addresses.
func (a *API) leases(w http.ResponseWriter, r *http.Request) {
	list := []leaseView{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		leases, err := tx.Leases().List(store.Query{})
		if err != nil {
			return err
		}
		for _, l := range leases {
			v := leaseView{MAC: l.MAC, Address: l.Address.String(), Interface: l.Interface, Foreign: l.Observed,
				Expires: rest.AppendTime(nil, l.Expires)}
			port, err := tx.Ports().Find(l.MAC)
			if err != nil {
				return err
			}
			if port != nil {
				n, err := tx.Nodes().Get(port.NodeUUID)
				if err != nil {
					return err
				}
				v.Node = n.Label()
			}
			list = append(list, v)
		}
		return nil
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, list)
}
