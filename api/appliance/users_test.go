package applianceapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
	"ironhook/store/storetest"
)

// TestUsers makes, changes and deletes accounts. Neither an answer nor an event has a
// password, not even one that is refused.
func TestUsers(t *testing.T) {
	s := storetest.Open(t)
	a := New(Config{Accounts: fleet.Users{Store: s, File: []string{"admin"}}, Log: slog.New(slog.DiscardHandler)})
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "", `{"name": "vera", "role": "viewer", "password": "hunter2hunter2"}`, 201, `"role":"viewer"`},
		{"POST", "", `{"name": "vera", "role": "viewer", "password": "hunter2hunter2"}`, 409, "There is a user vera already"},
		{"POST", "", `{"name": "admin", "role": "viewer", "password": "hunter2hunter2"}`, 409, "htpasswd"},
		{"POST", "", `{"name": "a:b", "role": "viewer", "password": "hunter2hunter2"}`, 400, "no name"},
		{"POST", "", `{"name": "eve", "role": "root", "password": "hunter2hunter2"}`, 400, "no role"},
		{"POST", "", `{"name": "eve", "role": "viewer", "password": "hunter2"}`, 400, "8 to 72 bytes"},
		{"POST", "", `{"name": "eve", "role": "viewer", "password": ["hunter2hunter2"]}`, 400, "password must be a string"},
		{"POST", "", `{"name": "eve", "role": "viewer", "password": {"a": "hunter2hunter2"}}`, 400, "password must be a string"},
		{"POST", "", `{"name": "eve", "role": "viewer", "passwort": "hunter2hunter2"}`, 400, "members"},
		{"POST", "", `{"name": "eve", "role": "viewer"}`, 400, "a role and a password"},
		{"GET", "", "", 200, `{"users":[{"name":"admin","role":"admin","source":"htpasswd"},{"name":"vera"`},
		{"PATCH", "/vera", `{"role": "operator"}`, 200, `"role":"operator"`},
		{"PATCH", "/vera", `{"password": "hunter2hunter3"}`, 200, `"role":"operator"`},
		{"PATCH", "/vera", `{}`, 400, "members"},
		{"PATCH", "/nobody", `{"role": "admin"}`, 404, "User nobody could not be found"},
		{"DELETE", "/admin", "", 409, "htpasswd"},
		{"DELETE", "/vera", "", 204, ""},
		{"DELETE", "/vera", "", 404, "could not be found"},
	} {
		r := httptest.NewRequestWithContext(baremetal.WithUser(t.Context(), "root"), x.method, "/ironhook/v1/users"+x.path,
			strings.NewReader(x.body))
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if body := w.Body.String(); w.Code != x.status || !strings.Contains(body, x.says) || strings.Contains(body, "hunter2") ||
			strings.Contains(body, "$2a$") {
			t.Errorf("%s %s %s = %d %s, want %d %q and no password", x.method, x.path, x.body, w.Code, body, x.status, x.says)
		}
	}
	err := s.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventUser}})
		if err != nil || len(list) != 4 {
			t.Errorf("events = %v, %v, want 4", list, err)
		}
		for _, e := range list {
			if e.User != "root" || !strings.Contains(e.Detail, "vera") || strings.Contains(e.Detail, "hunter2") {
				t.Errorf("event = %+v", e)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLeast is who may ask for what.
func TestLeast(t *testing.T) {
	a := New(Config{})
	for _, c := range []struct {
		method, path string
		want         baremetal.Role
	}{
		{"GET", "/events", baremetal.RoleViewer}, {"GET", "/disks/d/usage", baremetal.RoleViewer},
		{"POST", "/disks/d/verify", baremetal.RoleOperator},
		{"GET", "/disks/d/file", baremetal.RoleAdmin}, {"HEAD", "/disks/d/file", baremetal.RoleAdmin}, {"GET", "/users", baremetal.RoleAdmin},
		{"POST", "/users", baremetal.RoleAdmin}, {"PATCH", "/users/u", baremetal.RoleAdmin}, {"POST", "/nothing", baremetal.RoleAdmin},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "/ironhook/v1"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Least(r); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

// Every route has the role of this table: what reads is for viewers and what changes for administrators,
// but for these.
func TestRolesOfAllRoutes(t *testing.T) {
	want := map[string]baremetal.Role{
		"POST /ironhook/v1/nodes/{node}/power-test": baremetal.RoleOperator, "POST /ironhook/v1/nodes/{node}/confirm": baremetal.RoleOperator,
		"POST /ironhook/v1/disks/{id}/verify": baremetal.RoleOperator, "DELETE /ironhook/v1/nodes/{node}/sel": baremetal.RoleOperator,
		"PUT /ironhook/v1/views/{name}": baremetal.RoleOperator, "DELETE /ironhook/v1/views/{name}": baremetal.RoleOperator,
		"GET /ironhook/v1/disks/{id}/file": baremetal.RoleAdmin, "GET /ironhook/v1/users": baremetal.RoleAdmin,
		"GET /ironhook/v1/walls":    baremetal.RoleAdmin,
		"GET /ironhook/v1/webhooks": baremetal.RoleAdmin, "GET /ironhook/v1/webhooks/{id}/dead": baremetal.RoleAdmin,
	}
	a := New(Config{})
	variable := regexp.MustCompile(`\{\w+\}`)
	for _, route := range routes {
		method, path, _ := strings.Cut(route.pattern, " ")
		role := cmp.Or(want[route.pattern], map[bool]baremetal.Role{true: baremetal.RoleViewer, false: baremetal.RoleAdmin}[method == "GET"])
		delete(want, route.pattern)
		r := httptest.NewRequest(method, variable.ReplaceAllString(path, "x"), nil)
		if got := a.Least(r); got != role {
			t.Errorf("%s is for a %s, want %s", route.pattern, got, role)
		}
	}
	if len(want) > 0 {
		t.Errorf("there are no routes %v", want)
	}
}
