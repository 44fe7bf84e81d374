package appliance

import (
	"context"
	"net/http"
	"strings"

	applianceapi "ironhook/api/appliance"
	baremetalapi "ironhook/api/baremetal"
	"ironhook/api/blockstorage"
	"ironhook/api/door"
	"ironhook/api/image"
	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/bootsrv"
	"ironhook/conductor"
	"ironhook/fleet"
	"ironhook/storage/watch"
	"ironhook/web"
)

// routes puts the pages and all APIs on one listener. One guard stands before all APIs.
func (a *appliance) routes(pages *web.Web, own *applianceapi.API) http.Handler {
	guard := a.guard(pages)
	mux := http.NewServeMux()
	mux.Handle("/ui/", pages)
	mux.Handle("/docs/", pages)
	metal := baremetalapi.New(baremetalapi.Config{Store: a.store, Conductor: a.conductor, Log: a.log})
	mux.Handle("/", a.timed("baremetal", guard.Handler(metal, metal.Manner())))
	images := image.New(image.Config{Store: a.store, Pool: a.pool, Log: a.log})
	volumes := blockstorage.New(blockstorage.Config{Store: a.store, Pool: a.pool, Volumes: a.volumes,
		Portal: a.portalOfRequest, Host: a.host, Log: a.log})
	for pattern, h := range map[string]interface {
		http.Handler
		Least(*http.Request) baremetal.Role
	}{"/image": images, "/image/": images, "/volume": volumes, "/volume/": volumes, "/ironhook/": own} {
		mux.Handle(pattern, a.timed(strings.Trim(pattern, "/"), guard.Handler(h, door.Manner{Least: h.Least})))
	}
	for pattern, h := range map[string]http.Handler{
		"GET /ironhook/v1/clouds.yaml": http.HandlerFunc(a.clouds),
		"GET /ironhook/v1/sessions":    watch.JSON(a.exports.Watch, a.log),
		"POST /ironhook/v1/backup":     http.HandlerFunc(a.backup),
		"GET /metrics":                 a.measured,
		"GET /servers/detail":          http.HandlerFunc(noServers),
	} {
		mux.Handle(pattern, guard.Handler(h, door.Manner{}))
	}
	a.stickRoutes(mux, guard)
	mux.Handle("GET /ironhook/v1/agent/{node}/image/{key}",
		guard.Handler(http.HandlerFunc(a.sendImage), door.Manner{Public: func(*http.Request) bool { return true }}))
	mux.Handle("GET /readyz", guard.Handler(a.readiness(), door.Manner{Public: func(*http.Request) bool { return true }}))
	for _, pattern := range []string{"GET /identity", "GET /identity/"} { // clients discover before they authenticate
		mux.Handle(pattern, guard.Handler(http.HandlerFunc(identity), door.Manner{Public: func(*http.Request) bool { return true }}))
	}
	return mux
}

// timed counts the requests of an API by their method. Streams of events and WebSockets, which last as long
// as their client, are not requests in that sense.
func (a *appliance) timed(api string, h http.Handler) http.Handler {
	by := map[string]http.Handler{}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		by[method] = a.times.Handler("api", api+" "+method, h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := by[r.Method]
		if counted == nil || r.Header.Get("Upgrade") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			counted = h
		}
		counted.ServeHTTP(w, r)
	})
}

// ownAPI is the one for what OpenStack has no words for.
func (a *appliance) ownAPI() *applianceapi.API {
	return applianceapi.New(applianceapi.Config{
		Store: a.store, Volumes: a.volumes, Users: a.pool.UsersOf, Script: bootsrv.Preview, Open: a.open, Tidy: a.pool.Tidy,
		Forget: a.conductor.Forget,
		Approve: func(ctx context.Context, machine string, in applianceapi.Approval) (string, error) {
			return a.conductor.Approve(ctx, machine, conductor.Approval(in))
		},
		Accounts: a.accounts(), Log: a.log, LogLevel: a.tail.set,
		Herald: a.herald, Probe: a.conductor.Probe, Confirm: a.conductor.Confirm, Sensors: a.conductor.Sensors,
		HardwareLog: a.conductor.HardwareLog, ClearHardwareLog: a.conductor.ClearHardwareLog,
		Consoles: a.consoles, Role: a.accountRole, LinkBase: a.linkBase,
	})
}

// accounts are the users that are stored.
func (a *appliance) accounts() fleet.Users {
	u := fleet.Users{Store: a.store}
	if a.users != nil {
		u.File = a.users.Names()
		u.Renew = a.passwords.renew
	}
	return u
}

// noServers answers `openstack volume list`, which first asks a compute service for the
// names of servers. There is no compute service: nodes are not servers.
func noServers(w http.ResponseWriter, _ *http.Request) {
	rest.Reply(w, http.StatusOK, map[string]any{"servers": []any{}})
}
