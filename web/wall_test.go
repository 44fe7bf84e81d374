package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

func (r *room) hang(name, token string) {
	r.Helper()
	r.update(func(tx *store.Tx) error {
		return tx.Walls().Insert(&baremetal.Wall{Name: name, Token: baremetal.TokenHash(token)})
	})
}

// A link shows the wall without a login, and opens nothing else.
func TestWall(t *testing.T) {
	r := newRoom(t)
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-<1>"}, "52:54:00:00:00:01")
	r.hang("lobby", "the-token")
	for _, path := range []string{"/ui/wall/", "/ui/wall/another", "/ui/wall/" + baremetal.TokenHash("the-token")} {
		if a := r.get(path); a.status == http.StatusOK || strings.Contains(a.body, "pc-") {
			t.Errorf("%s = %d", path, a.status)
		}
	}
	a := r.get("/ui/wall/the-token")
	if a.status != http.StatusOK || !strings.Contains(a.body, "pc-&lt;1&gt;") || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("the wall = %d\n%s", a.status, a.body)
	}
	for _, bad := range []string{"data-method", "data-many", `id="strangers"`, "role.css", "/ui/logout", "/ui/enrol"} {
		if strings.Contains(a.body, bad) {
			t.Errorf("the wall has %q", bad)
		}
	}
	for _, path := range []string{"/ui/", "/ui/machines/node-1", "/ui/system", "/ui/machines/node-1/io", "/ui/metrics", "/ui/boots",
		"/ui/start"} {
		if a := r.get(path); a.status != http.StatusSeeOther {
			t.Errorf("%s without a login = %d", path, a.status)
		}
	}
	for _, path := range []string{"/ui/events", "/ui/events?wall=another", "/ui/events?wall=", "/ui/events?machine=node-1&wall=another"} {
		if a := r.get(path); a.status != http.StatusUnauthorized {
			t.Errorf("%s without a login = %d", path, a.status)
		}
	}
	request, err := http.NewRequest("PUT", r.url+"/v1/nodes/node-1/states/power", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(signature, "1")
	request.Header.Set("Cookie", cookie+"=the-token")
	if user, ok := r.web.Signed(request); ok {
		t.Errorf("the token of a wall signs as %q", user)
	}
}

// A wall follows the machines, sees nothing of strangers, and ends with its link.
func TestWallFollows(t *testing.T) {
	r := newRoom(t)
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-1"}, "52:54:00:00:00:01")
	r.hang("lobby", "the-token")
	view := &wallView{dashboardView{web: r.web}}
	var ids []string
	err := r.store.View(t.Context(), func(tx *store.Tx) error {
		list, err := view.update(tx, nil, true)
		for _, f := range list {
			ids = append(ids, f.id)
		}
		return err
	})
	if err != nil || !slices.Contains(ids, "m-node-1") || slices.Contains(ids, "strangers") {
		t.Errorf("a wall is sent %q, %v", ids, err)
	}
	r.web.heartbeat = 1
	done := make(chan answer, 1)
	go func() { done <- r.get("/ui/events?after=0&wall=the-token") }()
	r.happen("node-1", baremetal.EventPowerOn)
	r.update(func(tx *store.Tx) error { return tx.Walls().Delete("lobby") })
	select {
	case a := <-done:
		if a.status != http.StatusOK && a.status != http.StatusUnauthorized {
			t.Errorf("the stream = %d", a.status)
		}
	case <-patience(t).Done():
		t.Error("the stream of a wall outlives its link")
	}
}
