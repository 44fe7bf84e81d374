package applianceapi

import (
	"net/http"

	"ironhook/api/rest"
	"ironhook/conductor"
)

// probeView is one question to a BMC as it is shown.
type probeView struct {
	What    string  `json:"what"`
	Answer  any     `json:"answer"`
	Error   any     `json:"error"`
	Seconds float64 `json:"seconds"`
	Skipped bool    `json:"skipped"`
}

// powerTest asks the BMC of a node, and changes nothing.
func (a *API) powerTest(w http.ResponseWriter, r *http.Request) {
	probes, err := a.Probe(r.Context(), r.PathValue("node"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, map[string]any{"probes": views(probes)})
}

// confirm goes on with the plan of a node that waits for a person.
func (a *API) confirm(w http.ResponseWriter, r *http.Request) {
	if err := a.Confirm(r.Context(), r.PathValue("node")); err != nil {
		a.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func views(probes []conductor.Probe) []probeView {
	all := []probeView{}
	for _, p := range probes {
		v := probeView{What: p.What, Answer: rest.Text(p.Answer), Seconds: p.Took.Seconds(), Skipped: p.Skipped}
		if p.Err != nil {
			v.Answer, v.Error = nil, p.Err.Error()
		}
		all = append(all, v)
	}
	return all
}

// sensorView is what a sensor says.
type sensorView struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   any     `json:"unit"`
	Health any     `json:"health"`
}

// sensors asks the BMC of a node for its sensors.
func (a *API) sensors(w http.ResponseWriter, r *http.Request) {
	readings, err := a.Sensors(r.Context(), r.PathValue("node"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	all := []sensorView{}
	for _, one := range readings {
		all = append(all, sensorView{one.Name, one.Value, rest.Text(one.Unit), rest.Text(one.Health)})
	}
	rest.Reply(w, http.StatusOK, map[string]any{"sensors": all})
}
