// Package applianceapi answers what OpenStack has no words for:
//
//	GET  /ironhook/v1/events                    what happened, and what happens next: a list, or a stream
//	GET  /ironhook/v1/boots                     how the present boot of each node stands
//	GET  /ironhook/v1/boots/{node}              that of one
//	GET  /ironhook/v1/boots/{node}/script       the script it would get now, its secrets masked
//	GET  /ironhook/v1/leases                    the addresses of machines
//	GET  /ironhook/v1/disks/{id}/usage          bytes: virtual, own, shared; and users
//	POST /ironhook/v1/disks/{id}/verify         a scrub that names damage
//	GET  /ironhook/v1/disks/{id}/file?format=F  all of it, as raw or qcow2
//
// A disk is a volume, a snapshot or an image, by its UUID. A scrub takes as long as reading
// the disk does. Its answer is a line of JSON for every second, {"progress": TEXT}, and a
// last one, {"damage": [...]}, or {"error": TEXT}.
package applianceapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"ironhook/api/rest"
	"ironhook/store"
	"ironhook/volume"
)

// Config is what the API works with; all of it must be set.
type Config struct {
	Store   *store.Store
	Volumes *volume.Dir
	// Users lists the names of the nodes and hosts that have a disk, on or off.
	Users func(ctx context.Context, id string) ([]string, error)
	// Script returns the boot script of a node with masked secrets.
	Script func(tx *store.Tx, node string) (string, error)
	Open   func() map[string]bool // the iSCSI targets that have a session, by name; nil: not known
	Tidy   func()                 // called when there may be layers to merge
	Log    *slog.Logger
}

// API is the handler of the routes above. It is safe for concurrent use, and leaves
// authentication to a guard.
type API struct {
	Config
	mux     *http.ServeMux
	streams chan struct{} // a token for each open stream of events
	closing chan struct{}
	close   sync.Once
}

// New makes the handler.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux(), streams: make(chan struct{}, maxStreams), closing: make(chan struct{})}
	a.mux.HandleFunc("GET /ironhook/v1/events", a.events)
	a.mux.HandleFunc("GET /ironhook/v1/boots", a.boots)
	a.mux.HandleFunc("GET /ironhook/v1/boots/{node}", a.boot)
	a.mux.HandleFunc("GET /ironhook/v1/boots/{node}/script", a.script)
	a.mux.HandleFunc("GET /ironhook/v1/leases", a.leases)
	a.mux.HandleFunc("GET /ironhook/v1/disks/{id}/usage", a.usage)
	a.mux.HandleFunc("POST /ironhook/v1/disks/{id}/verify", a.verify)
	a.mux.HandleFunc("GET /ironhook/v1/disks/{id}/file", a.file)
	return a
}

// Close ends the streams of events, which would not end by themselves.
func (a *API) Close() { a.close.Do(func() { close(a.closing) }) }

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// refuse answers with an error, and logs those that are ours.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, text := rest.Status(err)
	rest.Note(a.Log, w, r, status, err)
	rest.Fail(w, status, text)
}
