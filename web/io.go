package web

import (
	"encoding/json"
	"net/http"

	"ironhook/store"
)

// ioCounters are the counters of one session with a disk, for a graph of their changes.
type ioCounters struct {
	Volume    string `json:"volume"`
	Initiator string `json:"initiator"`
	Since     int64  `json:"since"` // milliseconds since 1970: a session of its own
	Reads     uint64 `json:"reads"`
	Writes    uint64 `json:"writes"`
	Read      uint64 `json:"read_bytes"`
	Written   uint64 `json:"written_bytes"`
	InFlight  int    `json:"in_flight"`
}

// machineIO answers with what the sessions of a machine have done so far. A page asks for it
// once a second, while it is looked at.
func (w *Web) machineIO(rw http.ResponseWriter, r *http.Request) {
	list := []ioCounters{}
	err := w.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err != nil || w.Sessions == nil {
			return err
		}
		grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
		for _, g := range grants {
			for _, s := range w.Sessions(g.IQN) {
				list = append(list, ioCounters{g.Volume, s.Initiator, s.Since.UnixMilli(), s.Reads, s.Writes, s.ReadBytes, s.WrittenBytes, s.InFlight})
			}
		}
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(list) // the client is gone when this fails
}
