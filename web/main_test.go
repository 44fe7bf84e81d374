package web

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// room is the pages over a store of their own, and a browser.
type room struct {
	testing.TB
	store *store.Store
	path  string // of its file
	web   *Web
	log   *logbook
	url   string
	http  *http.Client
}

// logbook keeps what was logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const password = "open sesame"

// newRoom starts the pages; change may alter them first. No user is logged in.
func newRoom(t testing.TB, change ...func(*Web)) *room {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ironhook.db")
	s := storetest.OpenAt(t, path)
	log := &logbook{}
	w := New(Config{
		Store: s, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(log, nil)),
		Login: func(user, word string) bool { return user == "admin" && word == password },
	})
	w.pace = time.Millisecond
	for _, f := range change {
		f(w)
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	t.Cleanup(w.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &room{TB: t, store: s, path: path, web: w, log: log, url: server.URL, http: client}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers come in pairs.
func (r *room) do(method, path, form string, headers ...string) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(form))
	if err != nil {
		r.Fatal(err)
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	response, err := r.http.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func (r *room) get(path string, headers ...string) answer {
	r.Helper()
	return r.do("GET", path, "", headers...)
}

func (r *room) login(user, word string, headers ...string) answer {
	r.Helper()
	form := url.Values{"user": {user}, "password": {word}, "next": {"/ui/"}}
	return r.do("POST", "/ui/login", form.Encode(), headers...)
}

// enter logs in.
func (r *room) enter() *room {
	r.Helper()
	if a := r.login("admin", password); a.status != http.StatusSeeOther {
		r.Fatalf("login = %d, want 303\n%s", a.status, a.body)
	}
	return r
}

// enroll adds a node with a port and its event.
func (r *room) enroll(n *baremetal.Node, mac string) *baremetal.Node {
	r.Helper()
	if n.ProvisionState == "" {
		n.ProvisionState = baremetal.Available
	}
	r.update(func(tx *store.Tx) error {
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		if err := tx.Ports().Insert(&baremetal.Port{UUID: "port-" + n.UUID, NodeUUID: n.UUID, Address: mac, PXEEnabled: true}); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: "created"})
	})
	return n
}

func (r *room) update(f func(tx *store.Tx) error) {
	r.Helper()
	if err := r.store.Update(r.Context(), f); err != nil {
		r.Fatal(err)
	}
}

// destroy drops a table behind the store's back.
func (r *room) destroy(table string) {
	r.Helper()
	db, err := sql.Open("sqlite", r.path)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // committed
	if _, err := db.ExecContext(r.Context(), "DROP TABLE "+table); err != nil {
		r.Fatal(err)
	}
}

// happen appends one event per kind, each in a transaction of its own.
func (r *room) happen(node string, kinds ...baremetal.EventKind) {
	r.Helper()
	for _, kind := range kinds {
		if err := r.store.Append(r.Context(), baremetal.Event{Node: node, Kind: kind}); err != nil {
			r.Fatal(err)
		}
	}
}

// last is the number of the newest event.
func (r *room) last() (seq int64) {
	r.Helper()
	err := r.store.View(r.Context(), func(tx *store.Tx) (err error) {
		seq, err = newest(tx)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return seq
}

// patience bounds a wait for something that must come.
func patience(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
