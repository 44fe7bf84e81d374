package applianceapi

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	maxStreams = 100              // of events and consoles
	perUser    = 50               // of them; without accounts, of one address
	heartbeat  = 15 * time.Second // a sign of life, by which a proxy and the client know that the stream stands
	stall      = 15 * time.Second // for a client that reads nothing
)

// streamed reports whether a client asks for server-sent events.
func streamed(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, err := mime.ParseMediaType(part); err == nil && kind == "text/event-stream" {
			return true
		}
	}
	return false
}

// stream answers with server-sent events (WHATWG HTML section 9.2): for each event of the log a
// message with its number as id, its kind as event and the event in JSON as data. It begins after
// the Last-Event-ID, else after the number that the query gives, else with what happens next.
func (a *API) stream(w http.ResponseWriter, r *http.Request, q asked) {
	a.counted(w, r, func() { a.streamOf(w, r, q) })
}

// counted runs a stream, if there are not too many.
func (a *API) counted(w http.ResponseWriter, r *http.Request, run func()) {
	by := streamer{user: baremetal.UserOf(r.Context())}
	if by.user == "" {
		by.from = limit.SourceOf(r.RemoteAddr)
	}
	if !a.streams.Take(by) {
		w.Header().Set("Retry-After", "10")
		a.refuse(w, r, baremetal.Errorf(baremetal.ErrBusy, "Too many streams are open: %d of one user, and %d of all, are the most. Close one.",
			perUser, maxStreams))
		return
	}
	defer a.streams.Return(by)
	run()
}

// streamer is what streams are counted by.
type streamer struct {
	user string
	from netip.Addr
}

func (a *API) streamOf(w http.ResponseWriter, r *http.Request, q asked) {
	if err := a.begin(r, &q); err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // asks a proxy not to hold messages back
	if err := a.follow(r.Context(), w, q); err != nil && r.Context().Err() == nil {
		a.Log.Warn("stream of events ended", "from", r.RemoteAddr, "error", err)
	}
}

// begin finds where the stream begins. A number that the log has not reached is of another
// log, such as that before a restored backup: then all of this one is news.
func (a *API) begin(r *http.Request, q *asked) error {
	position := r.Header.Get("Last-Event-ID")
	if position != "" {
		seq, err := strconv.ParseInt(position, 10, 64)
		if err != nil || seq < 0 {
			return baremetal.Errorf(baremetal.ErrInvalid, "Expected the number of an event for Last-Event-ID: %.32q", position)
		}
		q.After = seq
	}
	if _, err := a.read(r.Context(), asked{node: q.node, EventQuery: store.EventQuery{Limit: 1}}); err != nil {
		return err // of a node that there is not
	}
	return a.Store.View(r.Context(), func(tx *store.Tx) error {
		last, err := tx.Events(store.EventQuery{Last: true, Limit: 1})
		if err != nil {
			return err
		}
		newest := int64(0)
		if len(last) > 0 {
			newest = last[0].Seq
		}
		switch {
		case position == "" && !q.placed:
			q.After = newest
		case q.After > newest:
			q.After = 0
		}
		return nil
	})
}

// follow sends until the client or the server ends.
func (a *API) follow(ctx context.Context, w http.ResponseWriter, q asked) error {
	beats := time.NewTicker(heartbeat)
	defer beats.Stop()
	q.Limit = maxEvents
	message := []byte(":\n\n")
	for {
		if err := send(w, message); err != nil {
			return err
		}
		commit := a.Store.Changed() // before reading, so that no commit falls between
		events, err := a.read(ctx, q)
		if err != nil {
			return err
		}
		if len(events) > 0 {
			q.After = events[len(events)-1].Seq
			if message, err = messages(events); err != nil {
				return err
			}
			continue
		}
		message = nil
		select {
		case <-commit:
		case <-beats.C:
			message = []byte(":\n\n")
		case <-ctx.Done():
			return ctx.Err()
		case <-a.closing:
			return nil
		}
	}
}

// messages are the events as the stream has them. JSON has no line breaks of its own.
func messages(events []*baremetal.Event) (text []byte, err error) {
	for _, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		text = fmt.Appendf(text, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind, data)
	}
	return text, nil
}

// send writes a message. A client that does not read it in time is disconnected; it
// comes back with the number of the last event it received.
func send(w http.ResponseWriter, message []byte) error {
	if len(message) == 0 {
		return nil
	}
	out := http.NewResponseController(w)
	err := out.SetWriteDeadline(time.Now().Add(stall))
	if err == nil {
		_, err = w.Write(message)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}
