package api

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"
)

// Guard gives another API of the same house this one's accounts, limits and request
// ids: next answers only those who may call the Bare Metal API, counts among their
// requests, and its panics are a 500 and a stack in the log. It gets the request with
// its body untouched. Refusals have the shape that Keystone's middleware gives them.
func (a *API) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := "req-" + uuid.NewString()
		w.Header()["Openstack-Request-Id"] = []string{id}
		w.Header()["X-Openstack-Request-Id"] = []string{id}
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // the answer has begun and cannot be finished
			default:
				a.log.Error("panic in a request", "request", id, "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				a.fail(w, r, id, &fault{status: http.StatusInternalServerError, auth: true, text: asFault(fmt.Errorf("panic: %v", p)).text})
			}
		}()
		leave, ok := a.flights.enter(r)
		if !ok {
			a.fail(w, r, id, authFault(http.StatusTooManyRequests, "Too many requests of this client are in flight."))
			return
		}
		defer leave()
		if err := a.authenticate(w, r, []string{"guarded"}); err != nil {
			a.fail(w, r, id, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
