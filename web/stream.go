package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	catchUp = 1000             // events sent one by one; a browser that missed more gets the whole page
	stall   = 15 * time.Second // for a browser that reads nothing
	lost    = -1               // position of a browser that does not know its own
)

// cause is the reason why a stream reads the store.
type cause int

const (
	opened  cause = iota // the page has just been read
	changed              // a transaction was committed
	beat                 // time has passed
	over                 // the browser, the session or the server ended
)

// fragment is one element of a page that may have changed.
type fragment struct {
	id, template string
	data         any
	within       bool   // another fragment of the same message contains it
	target       string // the element that the swap is about, "" for that of the id
	swap         string // how it takes its place, "" for a morph; "delete" needs no template
}

// view is what one kind of page shows.
type view interface {
	// update reads what events may have changed on the page; no events ask for
	// everything that time alone may have changed, lost for everything.
	update(tx *store.Tx, events []*baremetal.Event, lost bool) ([]fragment, error)
}

// stream is one browser that follows the log. It belongs to one goroutine.
type stream struct {
	*Web
	ended   <-chan struct{} // closed when the session ends; nil where there is none
	lives   func() bool     // counts as use of the session, and reports whether it goes on
	view    view
	after   int64             // number of the last event the browser knows of
	resumed bool              // it was away: its page may be older than its position
	seen    map[string]uint64 // fragments as the browser has them
	seed    maphash.Seed
	soon    <-chan time.Time // when to look at everything, if before the next beat
}

// events answers with a stream of server-sent events (WHATWG HTML section 9.2).
// Each message holds the fragments that changed, in htmx's hx-partial elements,
// and the number of the last event they cover as its id.
func (w *Web) events(rw http.ResponseWriter, r *http.Request) {
	var one *session
	wall := r.URL.Query().Get("wall")
	switch {
	case wall != "":
		if one = w.walls; !w.hangs(r, wall) {
			http.Error(rw, "This link to the wall was withdrawn.", http.StatusUnauthorized)
			return
		}
	case w.Login != nil:
		if one = w.sessions.find(r, w.now()); one == nil {
			http.Error(rw, "Sign in first.", http.StatusUnauthorized)
			return
		}
	}
	dismiss, ok := w.admit(one)
	if !ok {
		rw.Header().Set("Retry-After", "10")
		http.Error(rw, "Too many pages are open.", http.StatusServiceUnavailable)
		return
	}
	defer dismiss()
	s := w.newStream(position(r))
	s.resumed = r.Header.Get("Last-Event-ID") != ""
	switch {
	case wall != "":
		s.lives = func() bool { return w.hangs(r, wall) }
	case one != nil:
		s.ended, s.lives = one.done, func() bool { return w.sessions.keep(one, w.now()) }
	}
	s.view = w.viewOf(r, one, s.view)
	if err := s.run(r.Context(), rw); err != nil && r.Context().Err() == nil {
		w.Log.Warn("stream of events ended", "from", r.RemoteAddr, "error", err)
	}
}

// viewOf is what the page that r comes from shows; usual is the dashboard.
func (w *Web) viewOf(r *http.Request, one *session, usual view) view {
	q := r.URL.Query()
	hours, _ := strconv.Atoi(q.Get("boots"))
	switch {
	case q.Get("wall") != "":
		return &wallView{dashboardView{web: w}}
	case q.Get("machine") != "":
		return machineView{w, q.Get("machine"), w.role(one).Allows(baremetal.RoleOperator)}
	case q.Get("network") != "":
		return networkView{w}
	case q.Get("inventory") != "":
		return &inventoryView{web: w}
	case q.Get("start") != "":
		return startView{w}
	case hours > 0 && hours <= mostHours:
		return bootsView{w, hours}
	}
	return usual
}

// newStream makes a stream of the dashboard for a browser that knows of the events up to
// after.
func (w *Web) newStream(after int64) *stream {
	return &stream{Web: w, view: &dashboardView{web: w}, after: after, lives: func() bool { return true }, seen: make(map[string]uint64),
		seed: maphash.MakeSeed()}
}

// position is the number of the last event that r's sender knows of: the last one
// it received, else that of its page.
func position(r *http.Request) int64 {
	for _, text := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if seq, err := strconv.ParseInt(text, 10, 64); err == nil && seq >= 0 {
			return seq
		}
	}
	return lost
}

// run sends until the browser, the session or the server ends.
func (s *stream) run(ctx context.Context, rw http.ResponseWriter) error {
	out := http.NewResponseController(rw)
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("X-Accel-Buffering", "no") // asks a proxy not to hold messages back
	beats := time.NewTicker(s.heartbeat)
	defer beats.Stop()
	for why := opened; why != over; {
		commit := s.Store.Changed() // before reading, so that no commit falls between
		message, err := s.message(ctx, why)
		if err == nil && len(message) > 0 {
			err = send(rw, out, message)
		}
		if err != nil {
			return err
		}
		why = s.wait(ctx, commit, beats.C)
	}
	return nil
}

// wait waits for a reason to look again. After a commit it lingers a moment, so
// that a burst of events is one message.
func (s *stream) wait(ctx context.Context, commit <-chan struct{}, beats <-chan time.Time) cause {
	why := beat
	for {
		select {
		case <-commit:
			why, commit, beats = changed, nil, time.After(s.pace)
		case <-s.soon:
			s.soon = nil
			return beat
		case <-beats:
			if why == beat && !s.lives() {
				return over
			}
			return why
		case <-ctx.Done():
			return over
		case <-s.ended:
			return over
		case <-s.closing:
			return over
		}
	}
}

// message returns what to send now: the fragments that changed, a comment as
// a sign of life, or nothing.
func (s *stream) message(ctx context.Context, why cause) ([]byte, error) {
	fragments, news, err := s.look(ctx, why)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	if !news && (why == changed || why == opened && s.resumed) {
		s.tryAgain()
		fragments = nil
	}
	if v, ok := s.view.(interface{ busy() bool }); ok && v.busy() {
		s.tryAgain()
	}
	body, err := s.differing(fragments)
	switch {
	case err != nil:
		return nil, err
	case news, len(body) > 0 && why == beat:
		return envelope(s.after, body), nil
	case why == changed:
		return nil, nil
	}
	return []byte(":\n\n"), nil
}

// tryAgain schedules a full update soon: a commit had no event, such as the end of a
// step, and there may be many of those.
func (s *stream) tryAgain() {
	if s.soon == nil {
		s.soon = time.After(s.lull)
	}
}

// look reads on from the stream's position. It returns the fragments that may have
// changed, and whether there are events that the browser has not received.
func (s *stream) look(ctx context.Context, why cause) (fragments []fragment, news bool, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		last, err := newest(tx)
		if err != nil {
			return err
		}
		events, err := tx.Events(store.EventQuery{After: s.after, Limit: catchUp + 1})
		if err != nil {
			return err
		}
		away := s.after == lost || s.after > last || len(events) > catchUp
		news = away || len(events) > 0
		if why == changed && !news {
			return nil
		}
		s.after = last
		fragments, err = s.view.update(tx, events, away)
		return err
	})
	return fragments, news, err
}

// differing renders the fragments that differ from the browser's.
func (s *stream) differing(fragments []fragment) ([]byte, error) {
	var body, one bytes.Buffer
	for _, f := range fragments {
		one.Reset()
		if f.swap == "delete" {
			delete(s.seen, f.id)
			partial(&body, f, nil)
			continue
		}
		if err := s.pages.ExecuteTemplate(&one, f.template, f.data); err != nil {
			return nil, fmt.Errorf("render %s: %w", f.id, err)
		}
		sum := maphash.Bytes(s.seed, one.Bytes())
		if s.seen[f.id] != sum && !f.within {
			partial(&body, f, one.Bytes())
		}
		s.seen[f.id] = sum
	}
	return body.Bytes(), nil
}

// partial writes a fragment as an element of htmx's.
func partial(body *bytes.Buffer, f fragment, html []byte) {
	fmt.Fprintf(body, "<hx-partial hx-target=\"#%s\" hx-swap=\"%s\">%s</hx-partial>\n",
		template.HTMLEscapeString(cmp.Or(f.target, f.id)), cmp.Or(f.swap, "outerMorph"), html)
}

// envelope is one server-sent event. One without a body only gives the browser its
// new position.
func envelope(id int64, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\n", id)
	for line := range bytes.Lines(bytes.ReplaceAll(body, []byte{'\r'}, nil)) {
		fmt.Fprintf(&b, "data: %s\n", bytes.TrimSuffix(line, []byte{'\n'}))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// send writes one message. A browser that does not read it in time is disconnected; it
// comes back with the number of the last event it received.
func send(rw http.ResponseWriter, out *http.ResponseController, message []byte) error {
	err := out.SetWriteDeadline(time.Now().Add(stall))
	if err == nil {
		_, err = rw.Write(message)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}
