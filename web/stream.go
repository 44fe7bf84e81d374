package web

import (
	"bytes"
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
	catchUp = 1000             // events told one by one; who missed more gets all anew
	stall   = 15 * time.Second // for a browser that takes nothing
	lost    = -1               // position of one who cannot tell where it was
)

// fragment is one element of a page that may have changed.
type fragment struct {
	id, template string
	data         any
	within       bool // another fragment of the same message contains it
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
	view  view
	after int64 // number of the last event the browser knows of
	seen  map[string]uint64
	seed  maphash.Seed
}

// events answers with a stream of server-sent events (WHATWG HTML section 9.2).
// Each message holds the fragments that changed, in htmx's hx-partial elements,
// and the number of the last event they tell of as its id.
func (w *Web) events(rw http.ResponseWriter, r *http.Request) {
	var one *session
	if w.Login != nil {
		if one = w.sessions.find(r, w.now()); one == nil {
			http.Error(rw, "Sign in first.", http.StatusUnauthorized)
			return
		}
	}
	if !w.admit(one) {
		rw.Header().Set("Retry-After", "10")
		http.Error(rw, "Too many pages are open.", http.StatusServiceUnavailable)
		return
	}
	defer w.dismiss(one)
	s := &stream{Web: w, view: &wallView{}, after: position(r), seen: make(map[string]uint64), seed: maphash.MakeSeed()}
	if machine := r.URL.Query().Get("machine"); machine != "" {
		s.view = machineView{machine}
	}
	if err := s.run(r.Context(), rw, one); err != nil && r.Context().Err() == nil {
		w.Log.Warn("stream of events ended", "from", r.RemoteAddr, "error", err)
	}
}

// position is the number of the last event that r's sender knows of: what it
// last heard, else what its page was made of.
func position(r *http.Request) int64 {
	for _, text := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if seq, err := strconv.ParseInt(text, 10, 64); err == nil && seq >= 0 {
			return seq
		}
	}
	return lost
}

// run sends until the browser, the session or the server ends.
func (s *stream) run(ctx context.Context, rw http.ResponseWriter, one *session) error {
	out := http.NewResponseController(rw)
	if err := out.SetReadDeadline(time.Time{}); err != nil { // the server's is for requests
		return fmt.Errorf("lift read deadline: %w", err)
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("X-Accel-Buffering", "no") // asks a proxy not to hold messages back
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	ended, quiet := s.end(one), true
	for {
		changed := s.Store.Changed()
		message, err := s.message(ctx, quiet)
		if err != nil {
			return err
		}
		if len(message) > 0 {
			err = send(rw, out, message)
		}
		if err != nil {
			return err
		}
		select {
		case <-changed:
			quiet = true
		case <-beat.C:
			quiet = false
			if one != nil && !s.sessions.keep(one, s.now()) {
				return nil
			}
		case <-ctx.Done():
			return nil
		case <-ended:
			return nil
		case <-s.closing:
			return nil
		}
		if quiet && !rest(ctx, s.pace) {
			return nil
		}
	}
}

// end is closed when the session one ends; never, when there is none.
func (s *stream) end(one *session) <-chan struct{} {
	if one == nil {
		return nil
	}
	return one.done
}

// message is the next thing to say: the fragments that changed since the last
// one, or a comment that keeps the connection alive. quiet leaves out what only
// time has changed.
func (s *stream) message(ctx context.Context, quiet bool) ([]byte, error) {
	var fragments []fragment
	first := len(s.seen) == 0
	told := false
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		last, err := newest(tx)
		if err != nil {
			return err
		}
		events, err := tx.Events(store.EventQuery{After: s.after, Limit: catchUp + 1})
		if err != nil {
			return err
		}
		away := s.after == lost || s.after > last || len(events) > catchUp
		told = away || len(events) > 0
		if !told && quiet && !first {
			return nil
		}
		s.after = last
		fragments, err = s.view.update(tx, events, away)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	body, err := s.changed(fragments)
	switch {
	case err != nil:
		return nil, err
	case first && !told, len(body) == 0 && !quiet:
		return []byte(":\n\n"), nil
	case len(body) == 0:
		return nil, nil
	}
	return envelope(s.after, body), nil
}

// changed renders the fragments that differ from what the browser has.
func (s *stream) changed(fragments []fragment) ([]byte, error) {
	var body, one bytes.Buffer
	for _, f := range fragments {
		one.Reset()
		if err := s.pages.ExecuteTemplate(&one, f.template, f.data); err != nil {
			return nil, fmt.Errorf("render %s: %w", f.id, err)
		}
		sum := maphash.Bytes(s.seed, one.Bytes())
		if s.seen[f.id] != sum && !f.within {
			fmt.Fprintf(&body, "<hx-partial hx-target=\"#%s\" hx-swap=\"outerMorph\">%s</hx-partial>\n",
				template.HTMLEscapeString(f.id), one.Bytes())
		}
		s.seen[f.id] = sum
	}
	return body.Bytes(), nil
}

// envelope is one server-sent event.
func envelope(id int64, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\n", id)
	for line := range bytes.Lines(bytes.ReplaceAll(body, []byte{'\r'}, nil)) {
		fmt.Fprintf(&b, "data: %s\n", bytes.TrimSuffix(line, []byte{'\n'}))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// send writes one message. A browser that does not take it in time is let go; it
// comes back with the number of what it got.
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

// rest waits a moment, so that a burst of events is one message. It returns false
// when ctx ends first.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// admit counts a stream, or refuses one too many.
func (w *Web) admit(one *session) bool {
	select {
	case w.streams <- struct{}{}:
	default:
		return false
	}
	if one == nil {
		return true
	}
	w.sessions.mu.Lock()
	defer w.sessions.mu.Unlock()
	if one.streams >= perSession {
		<-w.streams
		return false
	}
	one.streams++
	return true
}

func (w *Web) dismiss(one *session) {
	<-w.streams
	if one != nil {
		w.sessions.mu.Lock()
		defer w.sessions.mu.Unlock()
		one.streams--
	}
}
