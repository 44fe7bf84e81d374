package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// flaky serves a file and breaks the connection off after some bytes, again and
// again.
type flaky struct {
	file     []byte
	portion  int // bytes per answer
	tag      string
	noRange  bool
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
	w.Header().Set("Content-Length", fmt.Sprint(len(f.file)-first))
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
	if _, err := Import(t.Context(), d, "img", Request{URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(contents(t, d, "img"), sample()) {
		t.Error("not what was imported")
	}
	if n, want := int(s.requests.Load()), 2+(len(s.file)+s.portion-1)/s.portion; n != want {
		t.Errorf("%d requests, want %d", n, want)
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
		_, err := Import(ctx, d, "img", Request{URL: server.URL})
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
		"bytes 5-9/10": {span{5, 9, 10}, true}, "bytes 5-9/*": {span{5, 9, -1}, true}, "bytes 5-9": {}, "bytes x-9/10": {}, "bytes 5-x/10": {}, "": {}, "items 5-9/10": {},
		"bytes 59/10": {}, "bytes 5-4/10": {}, "bytes 5-10/10": {}, "bytes -5-9/10": {}, "bytes */10": {}, "bytes 5-9/-1": {},
	} {
		if r, ok := contentRange(in); ok != want.ok || ok && r != want.r {
			t.Errorf("contentRange(%q) = %+v, %v, want %+v", in, r, ok, want)
		}
	}
}
