package applianceapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// listen opens a stream and returns its lines, which end when the stream does.
func listen(t *testing.T, base, query, last string) (status int, lines <-chan string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/ironhook/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream, */*;q=0.1")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reply.Body.Close() })
	out := make(chan string, 100)
	go func() {
		defer close(out)
		for s := bufio.NewScanner(reply.Body); s.Scan(); {
			out <- s.Text()
		}
	}()
	return reply.StatusCode, out
}

// next reads one message and checks its parts against each other.
func next(t *testing.T, lines <-chan string) (id, kind, detail string) {
	t.Helper()
	for line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			var e struct {
				Seq          json.Number
				Kind, Detail string
			}
			if err := json.Unmarshal([]byte(value), &e); err != nil || e.Seq.String() != id || e.Kind != kind {
				t.Fatalf("data %s of event %s %s: %v", value, id, kind, err)
			}
			return id, kind, e.Detail
		}
	}
	t.Fatal("the stream has ended")
	return "", "", ""
}

// TestStream: a stream goes on where its client stood, shows what it was asked for, and what happens next.
func TestStream(t *testing.T) {
	a, s := happened(t) // script one, node two, refused three
	server := httptest.NewServer(a)
	defer server.Close()
	type stream struct{ query, last, want string }
	streams := map[stream]<-chan string{}
	for _, c := range []stream{
		{"", "", "four five"}, {"", "1", "two three four five"}, {"?after=2", "", "three four five"}, {"?after=0", "2", "three four five"},
		{"?after=0", "", "one two three four five"}, {"?kind=node,network&after=0", "", "two four"}, {"?node=a&after=0", "", "one two five"},
		{"?after=99", "", "one two three four five"}, {"?node=" + nodeA, "99", "one two five"},
	} {
		status, lines := listen(t, server.URL, c.query, c.last)
		if first := <-lines; status != 200 || first != ":" {
			t.Fatalf("%v: %d, %q", c, status, first)
		}
		streams[c] = lines
	}
	for _, e := range []baremetal.Event{{Kind: baremetal.EventNetwork, Detail: "four"},
		{Node: nodeA, Kind: baremetal.EventScript, Detail: "five"}} {
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for c, lines := range streams {
		var got []string
		for range strings.Fields(c.want) {
			_, _, detail := next(t, lines)
			got = append(got, detail)
		}
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%v shows %q", c, got)
		}
	}
	a.Close()
	for c, lines := range streams {
		for line := range lines {
			if line != "" && line != ":" {
				t.Errorf("%v shows %q, too", c, line)
			}
		}
	}
}

// TestStreamIsRefused: what cannot be read is a 400, and one stream too many a 503.
func TestStreamIsRefused(t *testing.T) {
	a, _ := happened(t)
	for _, c := range []struct {
		query, last string
		open        int // streams of the same user
		status      int
	}{
		{"?kind=nothing", "", 0, 400}, {"?kind=node,", "", 0, 400}, {"", "x", 0, 400}, {"", "-1", 0, 400},
		{"?node=b", "", 0, 404}, {"", "", perUser, 503},
	} {
		for range c.open {
			a.streams.Take(streamer{user: "anna"})
		}
		r := httptest.NewRequestWithContext(baremetal.WithUser(context.Background(), "anna"), "GET", "/ironhook/v1/events"+c.query, nil)
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Last-Event-ID", c.last)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
}
