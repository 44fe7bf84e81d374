package http

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/ipxe"
	"ironhook/store"
	"ironhook/store/storetest"
)

const mac = "52:54:00:00:00:01"

func newServer(t *testing.T, boot func(context.Context, Request) (Answer, error)) (*Server, *store.Store) {
	t.Helper()
	s := storetest.Open(t)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	return &Server{
		Boot: boot, Files: map[string][]byte{"secure/x86_64-sb/shimx64.efi": []byte("signed"), "snponly.efi": []byte("MZ..."),
			"copyright": []byte("GPL")},
		Journal: journal.New(s, log), Log: log,
	}, s
}

func events(t *testing.T, s *store.Store) (all []*baremetal.Event) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.Events(store.EventQuery{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ask requests target as if from 10.77.0.100, with a local address of 10.77.0.1:8080.
func ask(s *Server, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "[::ffff:10.77.0.100]:4711"
	here := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.77.0.1:8080"))
	r = r.WithContext(context.WithValue(r.Context(), nethttp.LocalAddrContextKey, here))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestRoutes(t *testing.T) {
	var asked []Request
	s, _ := newServer(t, func(_ context.Context, r Request) (Answer, error) {
		asked = append(asked, r)
		return Answer{Script: ipxe.Notice(ipxe.NextDevice, "hello"), Event: baremetal.Event{Kind: baremetal.EventScript, Detail: "boots"}}, nil
	})
	for _, c := range []struct {
		method, target string
		status         int
		body           string // part of it
	}{
		{"GET", "/boot/52-54-00-00-00-01", 200, "hello"},
		{"GET", "/boot/52:54:00:00:00:01/grub.cfg", 200, "hello"},
		{"GET", "/secure/x86_64-sb/shimx64.efi", 200, "signed"},
		{"GET", "/secure/x86_64-sb/autoexec.ipxe", 200, "http://10.77.0.1:8080/boot.ipxe"},
		{"GET", "/secure/x86_64-sb/snponly.efi", 404, ""},
		{"GET", "/ipxe/secure%2Fx86_64-sb%2Fshimx64.efi", 404, ""},
		{"GET", "/boot/52:54:00:00:00:01", 200, "hello"},
		{"GET", "/boot/5254.0000.0001", 200, "hello"},
		{"GET", "/boot/52-54-00-00-00-0g", 404, ""},
		{"GET", "/boot/", 404, ""},
		{"GET", "/boot/52-54-00-00-00-01/failed/attach/2c0d603b", 200, "#!ipxe"},
		{"GET", "/boot/52-54-00-00-00-01/failed/attach/2c0d603b00", 404, ""},
		{"GET", "/boot/52-54-00-00-00-01/failed/else/2c0d603b", 404, ""},
		{"GET", "/boot/52-54-00-00-00-01/loaded", 200, "#!ipxe"},
		{"GET", "/boot/nobody/loaded", 404, ""},
		{"GET", "/boot.ipxe", 200, "boot/${netX/mac:hexhyp}"},
		{"GET", "/ipxe/autoexec.ipxe", 200, "http://10.77.0.1:8080/boot.ipxe"},
		{"GET", "/ipxe/snponly.efi", 200, "MZ..."},
		{"HEAD", "/ipxe/snponly.efi", 200, ""},
		{"HEAD", "/boot/52-54-00-00-00-01", 200, ""},
		{"GET", "/ipxe/copyright", 200, "GPL"},
		{"GET", "/ipxe/ipxe.efi", 404, ""},
		{"GET", "/ipxe/..%2f..%2fetc%2fpasswd", 301, ""},
		{"GET", "/ipxe/../../etc/passwd", 301, ""},
		{"GET", "/", 404, ""},
		{"POST", "/boot/52-54-00-00-00-01", 405, ""},
		{"PUT", "/ipxe/snponly.efi", 405, ""},
	} {
		w := ask(s, c.method, c.target)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s %s = %d %q, want %d with %q", c.method, c.target, w.Code, w.Body, c.status, c.body)
		}
		if kept := w.Header().Get("Cache-Control"); c.status == 200 && strings.HasPrefix(c.target, "/boot/") && kept != "no-store" {
			t.Errorf("%s %s may hold a secret, and its Cache-Control is %q", c.method, c.target, kept)
		}
		if c.method == "HEAD" && (w.Body.Len() != 0 || w.Header().Get("Content-Length") == "") {
			t.Errorf("HEAD %s: body %q, Content-Length %q", c.target, w.Body, w.Header().Get("Content-Length"))
		}
	}
	for _, r := range asked {
		if r.MAC != mac || r.From.String() != "10.77.0.100" || time.Since(r.At) > time.Minute {
			t.Errorf("the decision was asked for %+v", r)
		}
	}
}

// A failing store does not look like an unknown machine: iPXE has to retry.
func TestStoreFailure(t *testing.T) {
	s, _ := newServer(t, func(context.Context, Request) (Answer, error) { return Answer{}, errors.New("disk is gone") })
	w := ask(s, "GET", "/boot/"+mac)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("answer %d, Retry-After %q, body %q", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
}

// A fetched file is an event of the machine, which is found by its leased address.
func TestEvents(t *testing.T) {
	s, db := newServer(t, func(context.Context, Request) (Answer, error) {
		return Answer{Event: baremetal.Event{Kind: baremetal.EventScript, Detail: "boots"}}, nil
	})
	lease := baremetal.Lease{MAC: mac, Address: netip.MustParseAddr("10.77.0.100"), Interface: "br0", Expires: time.Now().Add(time.Hour)}
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Leases().Insert(&lease) }); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		"/ipxe/snponly.efi", "/boot/" + mac, "/boot/52-54-00-00-00-77/failed/boot/2c0d603b", "/boot/" + mac + "/failed/load/2c0d603b",
		"/boot/" + mac + "/failed/start/2c0d603b", "/boot/" + mac + "/loaded", "/boot.ipxe", "/ipxe/ipxe.efi",
	} {
		ask(s, "GET", target)
		ask(s, "HEAD", target)
	}
	want := []baremetal.Event{
		{Kind: baremetal.EventFile, MAC: mac, Detail: "snponly.efi over HTTP, 5 bytes"},
		{Kind: baremetal.EventScript, MAC: mac, Detail: "boots"},
		{Kind: baremetal.EventError, Step: baremetal.EventSystem, MAC: mac,
			Detail: "could not boot its volume and gave up: https://ipxe.org/2c0d603b"},
		{Kind: baremetal.EventError, Step: baremetal.EventUp, MAC: mac,
			Detail: "could not load its kernel or ramdisk and gave up: https://ipxe.org/2c0d603b"},
		{Kind: baremetal.EventError, Step: baremetal.EventUp, MAC: mac,
			Detail: "could not start its kernel or ISO and gave up: https://ipxe.org/2c0d603b"},
		{Kind: baremetal.EventUp, MAC: mac, Detail: "what iPXE has loaded takes over; what it does then cannot be seen from here"},
	}
	got := events(t, db)
	if len(got) != len(want) {
		t.Fatalf("events %+v, want %+v", got, want)
	}
	for i, e := range got {
		if e.Kind != want[i].Kind || e.Step != want[i].Step || e.MAC != want[i].MAC || e.Detail != want[i].Detail {
			t.Errorf("event %d is %+v, want %+v", i, *e, want[i])
		}
	}
}

// slowly is an answer during whose body something happens.
type slowly struct {
	*httptest.ResponseRecorder
	happens func()
}

func (w slowly) Write(b []byte) (int, error) {
	w.happens()
	return w.ResponseRecorder.Write(b)
}

// A file is an event, too, of a machine whose address, from another server, comes to be known while it is sent.
func TestEventOfALateLease(t *testing.T) {
	s, db := newServer(t, nil)
	r := httptest.NewRequest("GET", "/ipxe/snponly.efi", nil)
	r.RemoteAddr = "[::ffff:10.77.0.100]:4711"
	ctx, leaves := context.WithCancel(r.Context())
	s.Handler().ServeHTTP(slowly{httptest.NewRecorder(), func() {
		lease := baremetal.Lease{MAC: mac, Address: netip.MustParseAddr("10.77.0.100"), Interface: "br0", Expires: time.Now().Add(time.Hour)}
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Leases().Insert(&lease) }); err != nil {
			t.Error(err)
		}
		leaves() // the client has all that it wants
	}}, r.WithContext(ctx))
	if got := events(t, db); len(got) != 1 || got[0].Kind != baremetal.EventFile || got[0].MAC != mac {
		t.Errorf("events %+v, want one of the file", got)
	}
}

// A server ends with its context, after the requests under way, and frees its port.
func TestServeEnds(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	s, _ := newServer(t, func(context.Context, Request) (Answer, error) {
		close(begun)
		<-finish
		return Answer{Script: ipxe.Notice(ipxe.NextDevice, "at last"), Event: baremetal.Event{Kind: baremetal.EventScript}}, nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	body := make(chan string, 1)
	go func() {
		r, err := nethttp.Get("http://" + l.Addr().String() + "/boot/" + mac)
		if err != nil {
			body <- err.Error()
			return
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		body <- string(b)
	}()
	<-begun
	cancel()
	close(finish)
	if got := <-body; !strings.Contains(got, "at last") {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	again, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	again.Close()
}

// The files of cloud-init come from the answer for the machine, and from nowhere else.
func TestCloud(t *testing.T) {
	files := map[string]string{"user-data": "#cloud-config", "meta-data": ""}
	s, db := newServer(t, func(context.Context, Request) (Answer, error) {
		return Answer{Cloud: files, Event: baremetal.Event{Kind: baremetal.EventScript}}, nil
	})
	for target, want := range map[string]struct {
		code int
		body string
	}{
		"/boot/" + mac + "/cloud/user-data":   {200, "#cloud-config"},
		"/boot/" + mac + "/cloud/meta-data":   {200, ""},
		"/boot/" + mac + "/cloud/vendor-data": {404, "404 page not found\n"},
		"/boot/nobody/cloud/user-data":        {404, "404 page not found\n"},
		"/boot/" + mac + "/cloud/":            {404, "404 page not found\n"},
	} {
		w := ask(s, "GET", target)
		if w.Code != want.code || w.Body.String() != want.body || want.code == 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q, %v, want %+v", target, w.Code, w.Body, w.Header(), want)
		}
	}
	if got := events(t, db); len(got) != 0 {
		t.Errorf("events %+v, want none: it is no step of the boot", got)
	}
}
