package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ironhook/internal/egress"
)

// flaky serves a file and breaks the connection off after some bytes, again and
// again.
type flaky struct {
	file     []byte
	portion  int // bytes per answer
	tag      string
	noRange  bool
	chunked  bool // the length is not said
	requests atomic.Int32
	fail     int32 // that many requests are answered with 503 first
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := f.requests.Add(1); n <= f.fail {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	first := 0
	if h := r.Header.Get("Range"); h != "" && !f.noRange && r.Header.Get("If-Range") == f.tag {
		if _, err := fmt.Sscanf(h, "bytes=%d-", &first); err != nil {
			http.Error(w, "range", http.StatusBadRequest)
			return
		}
	}
	if f.tag != "" {
		w.Header().Set("ETag", f.tag)
	}
	if !f.chunked {
		w.Header().Set("Content-Length", fmt.Sprint(len(f.file)-first))
	}
	if first > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(f.file)-1, len(f.file)))
		w.WriteHeader(http.StatusPartialContent)
	}
	end := min(len(f.file), first+f.portion)
	if _, err := w.Write(f.file[first:end]); err != nil {
		return
	}
	if end < len(f.file) {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestDownloadGoesOn(t *testing.T) {
	s := &flaky{file: packers["gz"](t, sample()), portion: 60_000, tag: `"v1"`, fail: 2}
	server := httptest.NewServer(s)
	defer server.Close()
	d := open(t)
	if _, err := Import(t.Context(), d, "img", Request{URL: server.URL, Client: onLoopback(t)}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(contents(t, d, "img"), sample()) {
		t.Error("not what was imported")
	}
	if n, want := int(s.requests.Load()), 2+(len(s.file)+s.portion-1)/s.portion; n != want {
		t.Errorf("%d requests, want %d", n, want)
	}
}

// TestDownloadOverMirrors has a redirector that names another host for each request. The
// hosts break the connection off in the middle of the file.
func TestDownloadOverMirrors(t *testing.T) {
	file, other := packers["gz"](t, sample()), packers["gz"](t, sample()[:3<<20])
	for name, c := range map[string]struct {
		mirrors []*flaky
		want    []byte
		says    []string // why the download began again; none: it did not
	}{
		"same validator":                {[]*flaky{{file: file, tag: `"v1"`}, {file: file, tag: `"v1"`}}, file, nil},
		"another validator, same bytes": {[]*flaky{{file: file, tag: `"v1"`}, {file: file, tag: `"x"`}}, file, nil},
		"a mirror without ranges": {[]*flaky{{file: file, tag: `"v1"`}, {file: file, tag: `"v1"`, noRange: true, portion: 1 << 30}}, file,
			nil},
		"a mirror of an unknown length": {[]*flaky{{file: file}, {file: file, chunked: true, portion: 1 << 30}}, file, nil},
		"another version": {[]*flaky{{file: file, tag: `"v1"`}, {file: other, tag: `"v2"`, portion: 1 << 30},
			{file: other, tag: `"v2"`, portion: 1 << 30}}, other, []string{"mirror-0", "mirror-1", `"v1"`, `"v2"`}},
		"another version, length unsaid": {[]*flaky{{file: file, chunked: true}, {file: bytes.Repeat([]byte("x"), len(file)), portion: 1 << 30},
			{file: file, portion: 1 << 30}}, file, []string{"mirror-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range c.mirrors {
				if m.portion == 0 {
					m.portion = len(m.file) / 2
				}
			}
			next := 0
			servers := http.NewServeMux()
			for i, m := range c.mirrors {
				servers.Handle(fmt.Sprintf("mirror-%d/file", i), m)
			}
			servers.HandleFunc("redirector/file", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, fmt.Sprintf("http://mirror-%d/file", next%len(c.mirrors)), http.StatusFound)
				next++
			})
			server := httptest.NewServer(servers)
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true,
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				}}}
			var why []string
			d := open(t)
			res, err := Import(t.Context(), d, "img",
				Request{URL: "http://redirector/file", Client: client, Again: func(err error) { why = append(why, err.Error()) }})
			if err != nil || res.Length != int64(len(c.want)) {
				t.Fatalf("Import = %+v, %v, want %d bytes", res, err, len(c.want))
			}
			if (len(why) > 0) != (len(c.says) > 0) {
				t.Errorf("the download began again: %q", why)
			}
			for _, says := range c.says {
				if !strings.Contains(why[0], says) {
					t.Errorf("it is said that %q, want %s in it", why[0], says)
				}
			}
		})
	}
}

func TestDownloadCancelled(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("begins"))
		w.(http.Flusher).Flush()
		close(arrived)
		<-r.Context().Done()
	}))
	defer server.Close()
	d, done := open(t), make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := Import(ctx, d, "img", Request{URL: server.URL, Client: onLoopback(t)})
		done <- err
	}()
	<-arrived
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, ctx.Err()) {
			t.Errorf("Import = %v, want %v", err, ctx.Err())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Import goes on")
	}
	nothing(t, d)
}

func TestContentRange(t *testing.T) {
	for in, want := range map[string]struct {
		r  span
		ok bool
	}{
		"bytes 5-9/10": {span{5, 9, 10}, true}, "bytes 5-9/*": {span{5, 9, -1}, true}, "bytes 5-9": {}, "bytes x-9/10": {}, "bytes 5-x/10": {},
		"": {}, "items 5-9/10": {},
		"bytes 59/10": {}, "bytes 5-4/10": {}, "bytes 5-10/10": {}, "bytes -5-9/10": {}, "bytes */10": {}, "bytes 5-9/-1": {},
	} {
		if r, ok := contentRange(in); ok != want.ok || ok && r != want.r {
			t.Errorf("contentRange(%q) = %+v, %v, want %+v", in, r, ok, want)
		}
	}
}

// TestValidator has what a server says of its file, and what of it is strong enough to ask for
// the rest of that file.
func TestValidator(t *testing.T) {
	const date, early, late = "Fri, 01 Jan 1999 12:00:00 GMT", "Fri, 01 Jan 1999 11:59:00 GMT", "Fri, 01 Jan 1999 11:59:01 GMT"
	for _, c := range []struct{ tag, modified, date, want string }{
		{`"a"`, early, date, `"a"`}, {`"a"`, "", "", `"a"`}, {`W/"a"`, early, date, early}, {`W/"a"`, "", date, ""},
		{"", early, date, early}, {"", late, date, ""}, {"", early, "", ""}, {"", "yesterday", date, ""}, {"", "", date, ""},
	} {
		h := http.Header{"Etag": {c.tag}, "Last-Modified": {c.modified}, "Date": {c.date}}
		if got := versionOf(&http.Response{Header: h, Request: &http.Request{URL: &url.URL{}}}).validator(); got != c.want {
			t.Errorf("validator of %v = %q, want %q", h, got, c.want)
		}
	}
}

// onLoopback is a client for servers of this test.
func onLoopback(t *testing.T) *http.Client {
	t.Helper()
	p, err := egress.Parse("loopback")
	if err != nil {
		t.Fatal(err)
	}
	return NewClient(p)
}

// TestDownloadElsewhere: by itself a download leads nowhere but to public addresses. It is
// not tried again, and its error shows nothing of the URL's secrets.
func TestDownloadElsewhere(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1"} {
		var no *egress.Refused
		_, err := Import(t.Context(), open(t), "img", Request{URL: "http://u:hunter2@" + host + ":" + port + "/?token=hunter2"})
		if !errors.As(err, &no) || !errors.Is(err, ErrSource) || strings.Contains(err.Error(), "hunter2") ||
			!strings.Contains(err.Error(), "import-from") {
			t.Errorf("%s: %v, want a refusal that names the option and no secret", host, err)
		}
	}
	if asked > 0 {
		t.Errorf("the server was asked %d times", asked)
	}
}

// TestDownloadHidesItsAddress: the server to which a redirect leads does not learn the
// address that led there.
func TestDownloadHidesItsAddress(t *testing.T) {
	var referer []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referer = append(referer, r.Header["Referer"]...)
		if r.URL.Path != "/end" {
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	}))
	defer server.Close()
	// an empty file is no image
	_, _ = Import(t.Context(), open(t), "img", Request{URL: server.URL + "/?token=hunter2", Client: onLoopback(t)})
	if len(referer) > 0 {
		t.Errorf("Referer: %q, want none", referer)
	}
}
