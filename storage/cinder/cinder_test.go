package cinder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ironhook/api/blockstorage"
	"ironhook/baremetal"
	"ironhook/storage/cinder"
	"ironhook/storage/pool"
	"ironhook/store/storetest"
	"ironhook/volume"
)

const (
	node  = "c0ffee00-0000-4000-8000-000000000778"
	other = "c0ffee00-0000-4000-8000-000000000779"
	iqn   = "iqn.2017-08.org.openstack.bfv"
)

// service is our own Block Storage API as the Cinder, over a network that can be cut.
type service struct {
	*testing.T
	*httptest.Server
	api http.Handler

	mu    sync.Mutex
	seen  []string // requests, with their action
	cutAt int      // the request at which the network is cut, -1 for never
	after bool     // it is done, and its answer is lost
}

func newService(t *testing.T) *service {
	t.Helper()
	volumes, err := volume.Open(t.TempDir())
	must(t, err)
	s, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	p := pool.New(pool.Config{Store: s, Volumes: volumes, Log: log})
	v := &service{T: t, cutAt: -1, api: blockstorage.New(blockstorage.Config{Store: s, Pool: p, Volumes: volumes, Host: "here", Log: log,
		Portal: func(*http.Request) (netip.AddrPort, error) { return netip.ParseAddrPort("192.0.2.1:3260") }})}
	v.Server = httptest.NewServer(v)
	t.Cleanup(func() {
		v.Close()
		must(t, errors.Join(p.Close(), volumes.Close()))
	})
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ServeHTTP passes a request on until the network is cut.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Test") == "" {
		var body map[string]any
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &body)
		r.Body = io.NopCloser(strings.NewReader(string(text)))
		s.mu.Lock()
		at := len(s.seen)
		s.seen = append(s.seen, r.Method+" "+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		for action := range body {
			s.seen[at] = action
		}
		cut, after := s.cutAt >= 0 && at >= s.cutAt, s.after && at == s.cutAt
		s.mu.Unlock()
		if cut {
			if after {
				s.api.ServeHTTP(httptest.NewRecorder(), r)
			}
			panic(http.ErrAbortHandler)
		}
	}
	s.api.ServeHTTP(w, r)
}

func (s *service) cut(at int, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutAt, s.after, s.seen = at, after, nil
}

func (s *service) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// ask is a request of the test's own.
func (s *service) ask(method, path, body string) (answer struct {
	Volume struct {
		ID          string
		Status      string
		Metadata    map[string]string
		Attachments []struct {
			Server string `json:"server_id"`
			Host   string `json:"host_name"`
		}
	}
}) {
	s.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.URL+"/volume/v3"+path, strings.NewReader(body))
	must(s.T, err)
	r.Header.Set("X-Test", "yes")
	reply, err := http.DefaultTransport.RoundTrip(r)
	must(s.T, err)
	defer reply.Body.Close()
	if reply.StatusCode >= 300 {
		s.Fatalf("%s %s = %d", method, path, reply.StatusCode)
	}
	must(s.T, json.NewDecoder(reply.Body).Decode(&answer))
	return answer
}

// volume makes a volume that is available.
func (s *service) volume() string {
	s.Helper()
	id := s.ask("POST", "/volumes", `{"volume":{"size":1}}`).Volume.ID
	for s.ask("GET", "/volumes/"+id, "").Volume.Status == "creating" {
		s.Log("the volume is being made")
	}
	return id
}

// client is a client that takes this way to attach.
func (s *service) client(way string) *cinder.Client {
	s.Helper()
	return open(s.T, fmt.Sprintf("auth_type = \"none\"\nendpoint_override = %q\nattach_api = %q\naction_retries = 0\n", s.URL+"/volume", way))
}

func open(t *testing.T, text string) *cinder.Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cinder.toml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	config, err := cinder.Read(file)
	must(t, err)
	c, err := cinder.New(config, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func host(node string) cinder.Host {
	return cinder.Host{Node: node, Connector: map[string]any{"initiator": iqn, "host": node}}
}

// ways are those to attach, with the requests of one attach and one detach. Those of the
// actions are Ironic's, except for the first note.
var ways = map[string]struct{ attach, detach string }{
	"actions": {
		"GET ID, metadata, os-reserve, os-initialize_connection, os-attach, metadata",
		"GET ID, os-begin_detaching, os-terminate_connection, os-detach, DELETE ironic_node_" + node,
	},
	"attachments": {
		"GET ID, metadata, attachment, os-complete, metadata",
		"GET ID, DELETE ATTACHMENT, DELETE ironic_node_" + node,
	},
}

// TestWays attaches and detaches in both ways, and looks at what Cinder was asked and what it says then.
func TestWays(t *testing.T) {
	for way, want := range ways {
		t.Run(way, func(t *testing.T) {
			s := newService(t)
			id, c := s.volume(), s.client(way)
			connection, err := c.Attach(t.Context(), id, host(node))
			must(t, err)
			got := strings.ReplaceAll(strings.Join(s.requests(), ", "), id, "ID")
			if got != want.attach || connection.Type != "iscsi" || connection.Data["target_portal"] != "192.0.2.1:3260" ||
				connection.Data["auth_password"] == "" {
				t.Errorf("attach asks %q and returns %v; want %q", got, connection, want.attach)
			}
			s.attached(id)
			if has, err := c.Attached(t.Context(), id, node); !has || err != nil {
				t.Errorf("Attached = %v, %v", has, err)
			}
			if _, err := c.Attach(t.Context(), id, host(other)); !errors.Is(err, baremetal.ErrStorage) {
				t.Errorf("Attach for another node = %v, want Cinder's refusal", err)
			}
			s.attached(id)
			must(t, c.Detach(t.Context(), id, host(other), "", true)) // what is not its own stays
			s.attached(id)
			s.cut(-1, false)
			must(t, c.Detach(t.Context(), id, host(node), connection.Attachment, true))
			got = strings.ReplaceAll(strings.Join(s.requests(), ", "), id, "ID")
			if connection.Attachment != "" {
				got = strings.ReplaceAll(got, connection.Attachment, "ATTACHMENT")
			}
			if got != want.detach {
				t.Errorf("detach asks %q, want %q", got, want.detach)
			}
			s.free(id, false)
			must(t, c.Detach(t.Context(), id, host(node), connection.Attachment, true))
			must(t, c.Detach(t.Context(), "c0ffee00-0000-4000-8000-000000000404", host(node), "", true))
		})
	}
}

// attached checks that the node alone has the volume.
func (s *service) attached(id string) {
	s.Helper()
	v := s.ask("GET", "/volumes/"+id, "").Volume
	if v.Status != "in-use" || len(v.Attachments) != 1 || v.Attachments[0].Server != node && v.Attachments[0].Host != node ||
		!strings.Contains(v.Metadata["ironic_node_"+node], `"last_action":"attached"`) {
		s.Errorf("volume = %+v, want it attached to the node", v)
	}
}

// free checks that no host has the volume, with or without a note about the node.
func (s *service) free(id string, noted bool) {
	s.Helper()
	v := s.ask("GET", "/volumes/"+id, "").Volume
	if _, has := v.Metadata["ironic_node_"+node]; v.Status != "available" || len(v.Attachments) != 0 || has != noted {
		s.Errorf("volume = %+v, want it available", v)
	}
}

// TestInterrupted cuts the network before and after every request of an attach and a detach, as a crash
// would. The same operation by a new client ends right, and so does the opposite one.
func TestInterrupted(t *testing.T) {
	points := 0
	for way := range ways {
		s := newService(t)
		for _, operation := range []string{"attach", "detach"} {
			for _, after := range []bool{false, true} {
				for at, more := 0, true; more; at++ {
					more = s.interrupted(way, operation, at, after)
					points++
					if t.Failed() {
						t.Fatalf("%s %s at request %d, done=%v", way, operation, at, after)
					}
				}
			}
		}
	}
	t.Log(points, "points")
	if points < 30 {
		t.Errorf("only %d points", points)
	}
}

// interrupted reports whether the operation got as far as the point.
func (s *service) interrupted(way, operation string, at int, after bool) bool {
	id := s.volume()
	attach := func() (string, error) {
		connection, err := s.client(way).Attach(s.Context(), id, host(node))
		return connection.Attachment, err
	}
	attachment := ""
	if operation == "detach" {
		var err error
		attachment, err = attach()
		must(s.T, err)
	}
	s.cut(at, after)
	var err error
	if operation == "attach" {
		_, err = attach()
	} else {
		err = s.client(way).Detach(s.Context(), id, host(node), attachment, true)
	}
	s.cut(-1, false)
	if err == nil {
		return false
	}
	if !errors.Is(err, baremetal.ErrStorage) {
		s.Errorf("the error is %v, want one of storage", err)
	}
	if operation == "attach" {
		attachment, err = attach()
		must(s.T, err)
		s.attached(id)
	}
	must(s.T, s.client(way).Detach(s.Context(), id, host(node), attachment, true))
	s.free(id, false)
	return true
}

// TestAbandoned frees a volume whose attach was cut short and never tried again.
func TestAbandoned(t *testing.T) {
	for way := range ways {
		s := newService(t)
		for at := range 5 {
			id := s.volume()
			s.cut(at, true)
			if _, err := s.client(way).Attach(t.Context(), id, host(node)); err == nil {
				t.Fatalf("%s at %d: nothing was cut", way, at)
			}
			s.cut(-1, false)
			must(t, s.client(way).Detach(t.Context(), id, host(node), "", false))
			s.free(id, at > 0)
		}
	}
}

// TestRivals: a node that was cut short before it took a volume takes nothing from the node that has it, or
// is about to have it.
func TestRivals(t *testing.T) {
	for way := range ways {
		s := newService(t)
		id := s.volume()
		s.cut(2, false) // after the note
		if _, err := s.client(way).Attach(t.Context(), id, host(other)); err == nil {
			t.Fatal("nothing was cut")
		}
		s.cut(len(strings.Split(ways[way].attach, ", "))-2, false) // the volume is reserved, and connected
		if _, err := s.client(way).Attach(t.Context(), id, host(node)); err == nil {
			t.Fatal("nothing was cut")
		}
		s.cut(-1, false)
		before := s.ask("GET", "/volumes/"+id, "").Volume.Status
		must(t, s.client(way).Detach(t.Context(), id, host(other), "", true))
		if now := s.ask("GET", "/volumes/"+id, "").Volume.Status; now != before || before == "available" {
			t.Errorf("%s: the volume was %s and is %s", way, before, now)
		}
		_, err := s.client(way).Attach(t.Context(), id, host(node))
		must(t, err)
		s.cut(2, false)
		if _, err := s.client(way).Attach(t.Context(), id, host(other)); err == nil {
			t.Fatal("nothing was cut")
		}
		s.cut(-1, false)
		must(t, s.client(way).Detach(t.Context(), id, host(other), "", true))
		s.attached(id)
	}
}
