package cli

import (
	"net/http"

	"ironhook/api/door"
	"ironhook/storage/watch"
	"ironhook/web"
)

// mountWatch puts the counters of the iSCSI sessions beside the Bare Metal API, behind
// the same door: for programs, and for Prometheus.
func (a *appliance) mountWatch(mux *http.ServeMux, guard *door.Guard) {
	mux.Handle("GET /ironhook/v1/sessions", guard.Handler(watch.JSON(a.exports.Watch, a.log), door.Manner{}))
	mux.Handle("GET /metrics", guard.Handler(watch.Metrics(a.exports.Watch, a.log), door.Manner{}))
}

// open returns the targets that have a session, for the pages.
func (a *appliance) open() map[string]bool {
	open := map[string]bool{}
	for _, s := range a.exports.Sessions() {
		open[s.Target] = true
	}
	return open
}

// sessions are those with a target, for the page of its machine.
func (a *appliance) sessions(target string) (list []web.Session) {
	for _, s := range a.exports.Sessions() {
		if s.Target != target {
			continue
		}
		w := web.Session{Initiator: s.Initiator, Remote: s.Remote.String(), Since: s.Since}
		for _, u := range s.LUNs { // there is one
			w.Reads, w.ReadBytes, w.Writes, w.WrittenBytes = u.Reads, u.ReadBytes, u.Writes, u.WrittenBytes
			w.Errors, w.InFlight, w.Median, w.Slow = u.Errors, u.InFlight, u.Within(0.5), u.Within(0.99)
		}
		list = append(list, w)
	}
	return list
}
