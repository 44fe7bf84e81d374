package baremetalapi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/api/door"
	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/conductor"
	"ironhook/power/drivers"
	"ironhook/store"
)

// fakeStorage is a storage interface that does nothing.
type fakeStorage struct{}

func (fakeStorage) Validate(*store.Tx, *baremetal.Node) error     { return nil }
func (fakeStorage) Attach(context.Context, *baremetal.Node) error { return nil }
func (fakeStorage) Detach(context.Context, *baremetal.Node) error { return nil }

func (fakeStorage) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	targets, err := tx.Targets().List(store.Where("node_uuid", n.UUID))
	return boot.Decide(boot.Facts{Node: n, Targets: targets}), err
}

// lab is an API on a fresh database with a real conductor and drivers without
// machines.
type lab struct {
	*httptest.Server
	api   *API
	front http.Handler // api behind a guard
	store *store.Store
}

func newLab(t testing.TB, change ...func(*door.Accounts)) *lab {
	return newLabOf(t, []string{"fake-hardware", "ipmi"}, change...)
}

// newLabOf is newLab with these hardware types, of which the second is ipmi.
func newLabOf(t testing.TB, enabled []string, change ...func(*door.Accounts)) *lab {
	t.Helper()
	schema, err := os.ReadFile("../../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "ironhook.db"), string(schema))
	if err != nil {
		t.Fatal(err)
	}
	storage := []string{"noop", "cinder", "external", "fake"}
	log := slog.New(slog.NewTextHandler(logTo{t}, nil))
	types, err := conductor.Enable(drivers.Table(drivers.Config{Log: log}), enabled, storage)
	if err != nil {
		t.Fatal(err)
	}
	types[1].Interfaces["storage"] = storage[:3] // ipmi has no fake one
	backends := map[string]conductor.Storage{}
	for _, name := range storage {
		backends[name] = fakeStorage{}
	}
	c := conductor.New(conductor.Config{Store: s, Host: "peer-conductor", HardwareTypes: types, Log: log, Storage: backends})
	accounts := door.Accounts{Log: log, InFlight: 256}
	for _, f := range change {
		f(&accounts)
	}
	a := New(Config{Store: s, Conductor: c, Log: log})
	front := door.NewGuard(accounts).Handler(a, a.Manner())
	l := &lab{Server: httptest.NewServer(front), api: a, front: front, store: s}
	t.Cleanup(func() {
		l.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c.Close(ctx)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// logTo writes a log into a test's own. SQLite has one writer, so that it must never
// say that the database is locked.
type logTo struct{ t testing.TB }

func (l logTo) Write(b []byte) (int, error) {
	switch {
	case l.t.Context().Err() != nil: // the test has ended
	case strings.Contains(string(b), "database is locked"):
		l.t.Errorf("log: %s", b)
	default:
		l.t.Log(strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

// do sends a request at the newest microversion and returns the answer.
func (l *lab) do(t testing.TB, method, path string, body any, header ...string) (int, []byte) {
	t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		in = bytes.NewReader(rest.Encode(b))
	}
	r, err := http.NewRequestWithContext(t.Context(), method, l.URL+path, in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-OpenStack-Ironic-API-Version", versions.Text(maxMinor))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, raw
}

// must is do for an answer that must have this status.
func (l *lab) must(t testing.TB, method, path string, body any, status int, header ...string) []byte {
	t.Helper()
	got, raw := l.do(t, method, path, body, header...)
	if got != status {
		t.Fatalf("%s %s = %d, want %d\n%s", method, path, got, status, raw)
	}
	return raw
}

// events are all that happened, as text.
func (l *lab) events(t testing.TB) (text []byte) {
	t.Helper()
	err := l.store.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Events(store.EventQuery{})
		text = rest.Encode(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
