package applianceapi

import (
	"context"
	"encoding/json"
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// entryView is an entry of a BMC's event log.
type entryView struct {
	ID       string          `json:"id"`
	At       json.RawMessage `json:"at"`     // by the BMC's clock
	Uptime   any             `json:"uptime"` // seconds since the BMC was started, where its clock was not set
	Severity any             `json:"severity"`
	Sensor   any             `json:"sensor"`
	Message  string          `json:"message"`
}

// hardwareLog asks the BMC of a node for its event log.
func (a *API) hardwareLog(w http.ResponseWriter, r *http.Request) { a.showLog(w, r, a.HardwareLog) }

// clearHardwareLog empties it, and shows what was in it.
func (a *API) clearHardwareLog(w http.ResponseWriter, r *http.Request) {
	a.showLog(w, r, a.ClearHardwareLog)
}

func (a *API) showLog(w http.ResponseWriter, r *http.Request, ask func(context.Context, string) (baremetal.HardwareLog, error)) {
	log, err := ask(r.Context(), r.PathValue("node"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	entries := []entryView{}
	for _, e := range log.Entries {
		v := entryView{ID: e.ID, At: baremetal.AppendTime(nil, e.At), Severity: rest.Text(e.Severity), Sensor: rest.Text(e.Sensor),
			Message: e.Message}
		if e.At.IsZero() && e.Uptime > 0 {
			v.Uptime = e.Uptime.Seconds()
		}
		entries = append(entries, v)
	}
	rest.Reply(w, http.StatusOK, map[string]any{"entries": entries, "lost": log.Lost})
}
