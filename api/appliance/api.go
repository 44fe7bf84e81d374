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
//	POST /ironhook/v1/nodes/{node}/confirm         a person has done what its plan waits for
//	GET  /ironhook/v1/nodes/{node}/sensors         what its BMC measures: temperatures, fans, voltages
//	GET, DELETE /ironhook/v1/nodes/{node}/sel      the event log of its BMC; empty it, which answers with what was in it
//	GET  /ironhook/v1/nodes/{node}/console         what its serial console has said: text, a stream, or a WebSocket to type on
//	GET  /ironhook/v1/nodes/{node}/console/status  whether it is connected, and who types
//
//	GET         /ironhook/v1/discoveries                  machines that the agent has described and that wait to be approved
//	GET, DELETE /ironhook/v1/discoveries/{machine}         one, by its UUID or MAC; forget it
//	POST        /ironhook/v1/discoveries/{machine}/approve enrol it: {"name", "driver", "driver_info", "storage_interface"}
//	GET         /ironhook/v1/nodes/{node}/agent-log        what the agent on its machine has said
//
//	GET, POST     /ironhook/v1/users            accounts: {"name", "role", "password"}
//	POST          /ironhook/v1/nodes/NODE/power-test  what its BMC says, and how long each answer takes
//	GET, POST     /ironhook/v1/webhooks         {"url", "kinds", "node", "enabled", "secret"}; PATCH, DELETE of one
//	GET           /ironhook/v1/webhooks/ID/dead what it did not take; POST sends one again, DELETE drops it
//	PATCH, DELETE /ironhook/v1/users/{name}     another role or password
//	GET, POST     /ironhook/v1/walls            links that show the wall without a login: {"name"}
//	DELETE        /ironhook/v1/walls/{name}
//	GET           /ironhook/v1/views            saved views of the dashboard
//	PUT, DELETE   /ironhook/v1/views/{name}     {"query": "only=trouble"}
//	PUT           /ironhook/v1/log              {"level": "debug"}, until the appliance ends
//
// A disk is a volume, a snapshot or an image, by its UUID. A scrub takes as long as reading
// the disk does. Its answer is a line of JSON for every second, {"progress": TEXT}, and a
// last one, {"damage": [...]}, or {"error": TEXT}.
package applianceapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/console"
	"ironhook/fleet"
	"ironhook/herald"
	"ironhook/internal/limit"
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
	// Approve enrols a machine that waits and returns the UUID of its node; Forget drops one.
	Approve func(ctx context.Context, machine string, a Approval) (node string, err error)
	Forget  func(ctx context.Context, machine string) error
	Herald  *herald.Herald // of the webhooks
	// Probe asks the BMC of a node.
	Probe   func(ctx context.Context, node string) ([]conductor.Probe, error)
	Confirm func(ctx context.Context, node string) error                        // a person has done what its plan waits for
	Sensors func(ctx context.Context, node string) ([]baremetal.Reading, error) // of the BMC of a node
	// HardwareLog is the event log of the BMC of a node; ClearHardwareLog empties it and returns what it had.
	HardwareLog, ClearHardwareLog func(ctx context.Context, node string) (baremetal.HardwareLog, error)
	Consoles                      *console.Hub
	// Role is the role of a user as it is now, and whether the user has an account that can change.
	Role     func(user string) (baremetal.Role, bool)
	Tidy     func() // called when there may be layers to merge
	Accounts fleet.Users
	LogLevel func(name string) error // sets the level of the log
	// LinkBase is what links for others begin with, where who asks cannot know it; else "".
	LinkBase func(r *http.Request) string
	Log      *slog.Logger
}

// API is the handler of the routes above. It is safe for concurrent use, and leaves
// authentication to a guard.
type API struct {
	Config
	mux     *http.ServeMux
	streams *limit.Share[streamer] // that are open
	closing chan struct{}
	close   sync.Once
}

// New makes the handler.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux(), closing: make(chan struct{})}
	a.streams = limit.NewShare[streamer](perUser, maxStreams, limit.EventStreams)
	for _, r := range routes {
		a.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { r.handle(a, w, req) })
	}
	return a
}

// routes are what can be asked, with the least role that may; "" is that of the method.
var routes = []struct {
	pattern string
	least   baremetal.Role
	handle  func(*API, http.ResponseWriter, *http.Request)
}{
	{"GET /ironhook/v1/events", "", (*API).events},
	{"GET /ironhook/v1/boots", "", (*API).boots},
	{"GET /ironhook/v1/boots/{node}", "", (*API).boot},
	{"GET /ironhook/v1/boots/{node}/script", "", (*API).script},
	{"GET /ironhook/v1/leases", "", (*API).leases},
	{"POST /ironhook/v1/nodes/{node}/power-test", baremetal.RoleOperator, (*API).powerTest},
	{"POST /ironhook/v1/nodes/{node}/confirm", baremetal.RoleOperator, (*API).confirm},
	{"GET /ironhook/v1/disks/{id}/usage", "", (*API).usage},
	{"POST /ironhook/v1/disks/{id}/verify", baremetal.RoleOperator, (*API).verify},
	{"GET /ironhook/v1/disks/{id}/file", baremetal.RoleAdmin, (*API).file},
	{"GET /ironhook/v1/discoveries", "", (*API).discoveries},
	{"GET /ironhook/v1/discoveries/{machine}", "", (*API).discovery},
	{"DELETE /ironhook/v1/discoveries/{machine}", baremetal.RoleAdmin, (*API).forget},
	{"POST /ironhook/v1/discoveries/{machine}/approve", baremetal.RoleAdmin, (*API).approve},
	{"GET /ironhook/v1/nodes/{node}/agent-log", "", (*API).agentLog},
	{"GET /ironhook/v1/nodes/{node}/sensors", "", (*API).sensors},
	{"GET /ironhook/v1/nodes/{node}/sel", "", (*API).hardwareLog},
	{"DELETE /ironhook/v1/nodes/{node}/sel", baremetal.RoleOperator, (*API).clearHardwareLog},
	{"GET /ironhook/v1/nodes/{node}/console", "", (*API).console},
	{"GET /ironhook/v1/nodes/{node}/console/status", "", (*API).consoleStatus},
	{"GET /ironhook/v1/users", baremetal.RoleAdmin, (*API).listUsers},
	{"POST /ironhook/v1/users", baremetal.RoleAdmin, (*API).addUser},
	{"PATCH /ironhook/v1/users/{name}", baremetal.RoleAdmin, (*API).changeUser},
	{"DELETE /ironhook/v1/users/{name}", baremetal.RoleAdmin, (*API).deleteUser},
	{"GET /ironhook/v1/walls", baremetal.RoleAdmin, (*API).listWalls},
	{"POST /ironhook/v1/walls", baremetal.RoleAdmin, (*API).addWall},
	{"DELETE /ironhook/v1/walls/{name}", baremetal.RoleAdmin, (*API).deleteWall},
	{"GET /ironhook/v1/views", "", (*API).listViews},
	{"PUT /ironhook/v1/views/{name}", baremetal.RoleOperator, (*API).saveView},
	{"DELETE /ironhook/v1/views/{name}", baremetal.RoleOperator, (*API).deleteView},
	{"PUT /ironhook/v1/log", baremetal.RoleAdmin, (*API).setLog},
	{"GET /ironhook/v1/webhooks", baremetal.RoleAdmin, (*API).listHooks},
	{"POST /ironhook/v1/webhooks", baremetal.RoleAdmin, (*API).addHook},
	{"PATCH /ironhook/v1/webhooks/{id}", baremetal.RoleAdmin, (*API).changeHook},
	{"DELETE /ironhook/v1/webhooks/{id}", baremetal.RoleAdmin, (*API).deleteHook},
	{"GET /ironhook/v1/webhooks/{id}/dead", baremetal.RoleAdmin, (*API).listLetters},
	{"POST /ironhook/v1/webhooks/{id}/dead/{letter}", baremetal.RoleAdmin, (*API).resendLetter},
	{"DELETE /ironhook/v1/webhooks/{id}/dead/{letter}", baremetal.RoleAdmin, (*API).deleteLetter},
}

// Least is the least role for a request.
func (a *API) Least(r *http.Request) baremetal.Role {
	_, pattern := a.mux.Handler(r)
	for _, row := range routes {
		if row.pattern == pattern {
			return cmp.Or(row.least, baremetal.LeastRole(r.Method))
		}
	}
	return baremetal.LeastRole(r.Method)
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
