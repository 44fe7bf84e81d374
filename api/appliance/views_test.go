package applianceapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
	"ironhook/store/storetest"
)

// TestWallsAndViews makes, lists and deletes links to the wall and saved views, and sets the
// level of the log. A link is shown once, and is in no event and no row.
func TestWallsAndViews(t *testing.T) {
	s := storetest.Open(t)
	level := "info"
	a := New(Config{Store: s, LinkBase: func(*http.Request) string { return "" }, Log: slog.New(slog.DiscardHandler),
		LogLevel: func(name string) error {
			if name != "debug" {
				return baremetal.Errorf(baremetal.ErrInvalid, "no level")
			}
			level = name
			return nil
		}})
	token := ""
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "walls", `{"name": "lobby"}`, 201, `"path":"/ui/wall/`},
		{"POST", "walls", `{"name": "lobby"}`, 409, "There is a wall lobby already"},
		{"POST", "walls", `{"name": "a/b"}`, 400, "is no name"},
		{"POST", "walls", `{"nom": "lobby"}`, 400, "members"},
		{"GET", "walls", "", 200, `"name":"lobby"`},
		{"DELETE", "walls/lobby", "", 204, ""},
		{"DELETE", "walls/lobby", "", 404, "Wall lobby could not be found"},
		{"PUT", "views/red%20ones", `{"query": "only=trouble"}`, 204, ""},
		{"PUT", "views/red%20ones", `{"query": "only=trouble&by=class"}`, 204, ""},
		{"PUT", "views/x", `{"query": "` + strings.Repeat("q", 1001) + `"}`, 400, "at most 1000 bytes"},
		{"PUT", "views/x", `{"query": "%zz"}`, 400, "that of the dashboard's address"},
		{"PUT", "views/%3Cb%3E", `{"query": ""}`, 400, "is no name"},
		{"GET", "views", "", 200, `[{"name":"red ones","query":"only=trouble\u0026by=class"}]`},
		{"DELETE", "views/red%20ones", "", 204, ""},
		{"DELETE", "views/red%20ones", "", 404, "could not be found"},
		{"PUT", "log", `{"level": "loud"}`, 400, "no level"},
		{"PUT", "log", `{"level": "debug"}`, 204, ""},
	} {
		r := httptest.NewRequestWithContext(baremetal.WithUser(t.Context(), "root"), x.method, "/ironhook/v1/"+x.path, strings.NewReader(x.body))
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code != x.status || !strings.Contains(strings.ReplaceAll(body, "&", `\u0026`), x.says) {
			t.Errorf("%s %s %s = %d %s, want %d %q", x.method, x.path, x.body, w.Code, body, x.status, x.says)
		}
		if _, after, ok := strings.Cut(body, "/ui/wall/"); ok {
			token = strings.Trim(after, "\"}\n ")
		} else if token != "" && strings.Contains(body, token) {
			t.Errorf("%s %s shows the link again", x.method, x.path)
		}
	}
	if level != "debug" || len(token) < 26 {
		t.Errorf("level %s, token %q", level, token)
	}
	err := s.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventUser}})
		if len(list) != 2 || strings.Contains(fmt.Sprint(list[0].Detail, list[1].Detail), token) {
			t.Errorf("events %v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// There is an end of views and of links.
func TestViewsAreBounded(t *testing.T) {
	v := fleet.Views{Store: storetest.Open(t)}
	for i := range 100 {
		if err := v.Save(t.Context(), fmt.Sprintf("view %d", i), "q=x"); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Hang(t.Context(), fmt.Sprintf("wall %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Save(t.Context(), "view 7", "q=y"); err != nil {
		t.Error("one that is there cannot be changed:", err)
	}
	if err := v.Save(t.Context(), "one more", "q=x"); err == nil || !strings.Contains(err.Error(), "delete one first") {
		t.Errorf("one more view: %v", err)
	}
	if _, err := v.Hang(t.Context(), "one more"); err == nil || !strings.Contains(err.Error(), "delete one first") {
		t.Errorf("one more link: %v", err)
	}
}
