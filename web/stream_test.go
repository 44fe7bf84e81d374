package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// listener is a browser that follows a stream.
type listener struct {
	*room
	status int
	lines  *bufio.Scanner
	leave  context.CancelFunc
	id     string // of the last message
}

// message is one server-sent event, or a comment, which has no data.
type message struct{ id, data string }

func (r *room) follow(path string, headers ...string) *listener {
	r.Helper()
	l, err := r.open(path, headers...)
	if err != nil {
		r.Fatal(err)
	}
	return l
}

// open is follow for goroutines other than the test's.
func (r *room) open(path string, headers ...string) (*listener, error) {
	ctx, leave := context.WithCancel(patience(r.TB))
	r.Cleanup(leave)
	req, err := http.NewRequestWithContext(ctx, "GET", r.url+path, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	response, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	r.Cleanup(func() { response.Body.Close() }) //nolint:errcheck // only read
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &listener{room: r, status: response.StatusCode, lines: lines, leave: leave}, nil
}

// read returns the next message or comment, and false at the end.
func (l *listener) read() (m message, ok bool) {
	for l.lines.Scan() {
		switch field, value, _ := strings.Cut(l.lines.Text(), ": "); field {
		case "":
			if m.id != "" {
				l.id = m.id
			}
			return m, true
		case "id":
			m.id = value
		case "data":
			m.data += value + "\n"
		}
	}
	return message{}, false
}

// next returns the next message that says something.
func (l *listener) next() message {
	l.Helper()
	for {
		m, ok := l.read()
		if !ok {
			l.Fatalf("the stream ended: %v", l.lines.Err())
		}
		if m.data != "" {
			return m
		}
	}
}

// until reads on to the first message with this text.
func (l *listener) until(text string) message {
	l.Helper()
	for {
		if m := l.next(); strings.Contains(m.data, text) {
			return m
		}
	}
}

func TestStreamSwapsOnlyTheTileThatChanged(t *testing.T) {
	r := newRoom(t).enter()
	one := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.enroll(&baremetal.Node{UUID: "node-2", Name: "pc-02"}, "52:54:00:00:00:02")
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	if m, ok := l.read(); !ok || m.data != "" {
		t.Fatalf("a page that is up to date is first told %q", m.data)
	}
	for i, kind := range baremetal.BootSteps {
		r.happen(one.UUID, kind)
		m := l.until(fmt.Sprintf(`aria-valuenow="%d"`, i+1))
		if m.id != strconv.FormatInt(r.last(), 10) {
			t.Errorf("id after %s = %s, want %d", kind, m.id, r.last())
		}
		if !strings.Contains(m.data, `<hx-partial hx-target="#m-node-1" hx-swap="outerMorph">`) || strings.Contains(m.data, "node-2") {
			t.Errorf("after %s the stream says\n%s\nwant the tile of node-1 alone", kind, m.data)
		}
	}
}

func TestStreamTellsOfComingAndGoing(t *testing.T) {
	r := newRoom(t).enter()
	l := r.follow("/ui/events?after=0")
	l.read()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	if m := l.next(); !strings.Contains(m.data, `hx-target="#dashboard"`) || !strings.Contains(m.data, "pc-01") ||
		!strings.Contains(m.data, "1 machine<") {
		t.Errorf("after enrolment: %s", m.data)
	}
	if err := r.store.Append(t.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventDiscover}); err != nil {
		t.Fatal(err)
	}
	if m := l.next(); !strings.Contains(m.data, "b8:27:eb:00:00:01") || strings.Contains(m.data, "#dashboard") {
		t.Errorf("after a stranger came by: %s", m.data)
	}
	r.update(func(tx *store.Tx) error {
		if err := tx.Nodes().Delete("node-1"); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: "node-1", Kind: baremetal.EventNode, Detail: "deleted"})
	})
	if m := l.next(); !strings.Contains(m.data, "No machines yet") {
		t.Errorf("after deletion: %s", m.data)
	}
}

func TestStreamOfOneMachine(t *testing.T) {
	r := newRoom(t).enter()
	one := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	two := r.enroll(&baremetal.Node{UUID: "node-2", Name: "pc-02"}, "52:54:00:00:00:02")
	l := r.follow(fmt.Sprintf("/ui/events?machine=node-1&after=%d", r.last()))
	l.read()
	r.happen(two.UUID, baremetal.BootSteps...)
	r.happen(one.UUID, baremetal.EventPowerOn)
	if m := l.next(); !strings.Contains(m.data, `hx-target="#machine"`) || !strings.Contains(m.data, "Switched on") ||
		strings.Contains(m.data, "pc-02") {
		t.Errorf("the page of pc-01 received %s", m.data)
	}
	r.update(func(tx *store.Tx) error {
		if err := tx.Nodes().Delete("node-1"); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: "node-1", Kind: baremetal.EventNode, Detail: "deleted"})
	})
	if m := l.next(); !strings.Contains(m.data, "not enrolled any more") {
		t.Errorf("the page of a deleted machine received %s", m.data)
	}
}

// A browser that went away asks from the number it last heard, and hears of
// everything that happened since, whatever the reason for going was.
func TestStreamResumesWithoutLoss(t *testing.T) {
	r := newRoom(t).enter()
	var nodes []string
	for i := range 4 {
		n := r.enroll(&baremetal.Node{UUID: fmt.Sprintf("node-%d", i), Name: fmt.Sprintf("pc-%d", i)}, fmt.Sprintf("52:54:00:00:00:0%d", i))
		nodes = append(nodes, n.UUID)
	}
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	l.read()
	r.happen(nodes[0], baremetal.EventPowerOn)
	last := l.next().id
	l.leave()

	r.happen(nodes[1], baremetal.EventPowerOn)
	r.happen(nodes[2], baremetal.EventPowerOn, baremetal.EventDiscover)
	m := r.follow("/ui/events?after=0", "Last-Event-ID", last).next()
	if !strings.Contains(m.data, `#m-node-1"`) || !strings.Contains(m.data, `#m-node-2"`) || m.id != strconv.FormatInt(r.last(), 10) {
		t.Errorf("resumed after %s: id %s\n%s\nwant node-1 and node-2, id %d", last, m.id, m.data, r.last())
	}
}

func TestStreamSendsAllToOneWhoCannotResume(t *testing.T) {
	r := newRoom(t).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	for name, path := range map[string]string{
		"no position":            "/ui/events",
		"of another life":        "/ui/events?after=999999",
		"nonsense":               "/ui/events?after=x",
		"long ago":               "/ui/events?after=1",
		"negative, as by nobody": "/ui/events?after=-7",
	} {
		if name == "long ago" {
			r.update(func(tx *store.Tx) error {
				for range catchUp + 1 {
					if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventDiscover}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if m := r.follow(path).next(); !strings.Contains(m.data, `hx-target="#dashboard"`) || m.id != strconv.FormatInt(r.last(), 10) {
			t.Errorf("%s: %s = id %s\n%s\nwant the whole dashboard, id %d", name, path, m.id, m.data, r.last())
		}
	}
}

func TestStreamBeats(t *testing.T) {
	r := newRoom(t, func(w *Web) { w.heartbeat = 5 * time.Millisecond }).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	for range 3 {
		if m, ok := l.read(); !ok || m.data != "" {
			t.Fatalf("an idle stream says %q, %v; want comments", m.data, ok)
		}
	}
}

// What time alone brings about, such as a boot that gets stuck, comes with a beat.
func TestStreamNoticesABootThatGotStuck(t *testing.T) {
	r := newRoom(t, func(w *Web) { w.heartbeat = 5 * time.Millisecond }).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.happen(n.UUID, baremetal.EventPowerOn)
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	m := l.next() // its time runs, so a beat has something to say
	if !strings.Contains(m.data, `hx-target="#m-node-1"`) || strings.Contains(m.data, "#dashboard") {
		t.Errorf("a beat says\n%s\nwant the tile whose time runs", m.data)
	}
}

// Some commits have no event: the end of a step, a lease. They are sent too,
// though not each by itself.
func TestStreamNoticesACommitWithoutAnEvent(t *testing.T) {
	r := newRoom(t, func(w *Web) { w.heartbeat, w.lull = time.Hour, time.Millisecond }).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	misfortune := func(words string) {
		n.LastError = words
		r.update(func(tx *store.Tx) error { return tx.Nodes().Update(n) })
	}
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	l.read()
	misfortune("the first")
	l.until("the first")
	misfortune("the second")
	last := l.until("the second").id
	l.leave()
	misfortune("while away")
	r.follow("/ui/events", "Last-Event-ID", last).until("while away")
}

// Whatever a browser misses by being cut off, and however often, in the end it
// shows what a browser that reads the page anew is shown.
func TestBrowsersAgreeInTheEnd(t *testing.T) {
	r := newRoom(t).enter()
	const machines, browsers, steps = 6, 4, 150
	for i := range machines {
		r.enroll(&baremetal.Node{UUID: fmt.Sprintf("node-%d", i), Name: fmt.Sprintf("pc-%d", i)}, fmt.Sprintf("52:54:00:00:00:0%d", i))
	}
	start := r.last()
	goal := start + machines*steps
	var writers, readers errgroup.Group
	for i := range machines {
		writers.Go(func() error {
			for n := range steps {
				e := baremetal.Event{Node: fmt.Sprintf("node-%d", i), Kind: boot.Kinds[(n*7+i)%len(boot.Kinds)], Detail: fmt.Sprintf("step %d", n)}
				if err := r.store.Append(r.Context(), e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	tile := regexp.MustCompile(`(?s)<hx-partial hx-target="#(m-node-\d)".*?</hx-partial>`)
	bar := regexp.MustCompile(`(?s)aria-valuenow="\d".*?<span class="caption">.*?</span>`)
	shown := make([]map[string]string, browsers)
	for b := range browsers {
		shown[b] = make(map[string]string)
		readers.Go(func() error {
			for id := strconv.FormatInt(start, 10); id != strconv.FormatInt(goal, 10); {
				l, err := r.open("/ui/events", "Last-Event-ID", id)
				if err != nil {
					return err
				}
				if l.status == http.StatusServiceUnavailable {
					continue // the server has not noticed yet that the others were cut
				}
				for range 2*b + 1 { // as many messages, then the line is cut
					m, ok := l.read()
					if !ok {
						return fmt.Errorf("the stream ended: %w", l.lines.Err())
					}
					for _, found := range tile.FindAllStringSubmatch(m.data, -1) {
						shown[b][found[1]] = bar.FindString(found[0])
					}
					if m.id != "" {
						id = m.id
					}
					if id == strconv.FormatInt(goal, 10) {
						break
					}
				}
				l.leave()
			}
			return nil
		})
	}
	if err := errors.Join(writers.Wait(), readers.Wait()); err != nil {
		t.Fatal(err)
	}
	page := r.get("/ui/").body
	for i := range machines {
		id := fmt.Sprintf("m-node-%d", i)
		_, after, _ := strings.Cut(page, `id="`+id+`"`)
		want := bar.FindString(after)
		for b := range browsers {
			if got := shown[b][id]; got != want || want == "" {
				t.Errorf("browser %d shows of %s\n%s\nwant\n%s", b, id, got, want)
			}
		}
	}
}

func TestStreamEndsWithItsSession(t *testing.T) {
	for name, end := range map[string]func(*room){
		"logout":                            func(r *room) { r.do("POST", "/ui/logout", "") },
		"shutdown":                          func(r *room) { r.web.Close(); r.web.Close() },
		"another login in the same browser": func(r *room) { r.enter() },
	} {
		r := newRoom(t).enter()
		l := r.follow("/ui/events?after=0")
		l.read()
		end(r)
		if m, ok := l.read(); ok {
			t.Errorf("%s: the stream goes on with %q", name, m.data)
		}
	}
}

func TestStreamEndsWithTheLifeOfItsSession(t *testing.T) {
	var later atomic.Int64
	r := newRoom(t, func(w *Web) {
		w.heartbeat = time.Millisecond
		w.now = func() time.Time { return dawn.Add(time.Duration(later.Load())) }
	}).enter()
	l := r.follow("/ui/events?after=0")
	for range 3 {
		if _, ok := l.read(); !ok {
			t.Fatal("the stream ended at once")
		}
	}
	later.Store(int64(lifetime + time.Second))
	for ok := true; ok; {
		_, ok = l.read()
	}
	if a := r.get("/ui/events"); a.status != http.StatusUnauthorized {
		t.Errorf("GET /ui/events after the end = %d, want 401", a.status)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	r := newRoom(t).enter()
	var open []*listener
	for i := range perSession + 1 {
		l := r.follow("/ui/events?after=0")
		if want := map[bool]int{true: 200, false: 503}[i < perSession]; l.status != want {
			t.Fatalf("stream %d = %d, want %d", i, l.status, want)
		}
		open = append(open, l)
	}
	open[0].leave()
	for r.follow("/ui/events?after=0").status != 200 { // room again, once the server saw the other leave
	}
	if got, _ := r.web.streams.Held(); got != perSession {
		t.Errorf("%d streams counted, want %d", got, perSession)
	}
}

// A browser that stops reading holds up neither the writers of the log nor the
// other browsers.
func TestASlowBrowserBlocksNobody(t *testing.T) {
	r := newRoom(t).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	fmt.Fprintf(conn, "GET /ui/events HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", r.http.Jar.Cookies(mustURL(t, r.url))[0])
	l := r.follow(fmt.Sprintf("/ui/events?after=%d", r.last()))
	for range 200 { // far more than the buffers of a connection hold, if every one were kept for it
		r.happen(n.UUID, baremetal.EventPowerOn)
		if err := r.store.Append(t.Context(),
			baremetal.Event{Node: n.UUID, Kind: baremetal.EventRefused, Detail: strings.Repeat("no ", 10_000)}); err != nil {
			t.Fatal(err)
		}
	}
	last := strconv.FormatInt(r.last(), 10)
	for l.id != last {
		if _, ok := l.read(); !ok {
			t.Fatalf("the stream ended: %v", l.lines.Err())
		}
	}
}

func TestEnvelope(t *testing.T) {
	got := string(envelope(7, []byte("<pre>  a\r\n\n  b</pre>\n")))
	if want := "id: 7\ndata: <pre>  a\ndata: \ndata:   b</pre>\n\n"; got != want {
		t.Errorf("envelope = %q, want %q", got, want)
	}
}

func TestConcerned(t *testing.T) {
	got := concerned([]*baremetal.Event{{Node: "b"}, {}, {Node: "a"}, {Node: "b"}})
	if want := []string{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("concerned = %v, want %v", got, want)
	}
}
