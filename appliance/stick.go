package appliance

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"os"

	"ironhook/api/door"
	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/stick"
)

// The routes of what the first process of a stick does, which this one may not: it alone
// writes to the slots. Elsewhere they say that this is no stick.
const (
	stickPath   = "/ironhook/v1/stick"
	upgradePath = stickPath + "/upgrade"
)

// stickRoutes passes requests on to the first process of a stick. An upgrade is for
// administrators.
func (a *appliance) stickRoutes(mux *http.ServeMux, guard *door.Guard) {
	mux.Handle("GET "+stickPath, guard.Handler(a.onStick(), door.Manner{}))
	mux.Handle("POST "+upgradePath,
		guard.Handler(a.onStick(), door.Manner{Least: func(*http.Request) baremetal.Role { return baremetal.RoleAdmin }}))
}

// isStick reports whether the first process of a stick is there.
func isStick() bool {
	_, err := os.Stat(stick.Socket)
	return err == nil
}

// onStick is the way to the first process, or a refusal.
func (a *appliance) onStick() http.Handler {
	if !isStick() {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			rest.Fail(w, http.StatusNotFound, "This appliance does not run from a stick: upgrade it by its package.")
		})
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "stick"
			r.Out.Header.Del("Authorization")
			r.Out.Header.Del("Cookie")
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", stick.Socket)
		}},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			a.log.Error("ask the stick", "error", err)
			rest.Fail(w, http.StatusBadGateway, "The stick's first process does not answer; the log has the cause.")
		},
	}
}
