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
