package api

import (
	"net/http"
	"strconv"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// The routes that Ironic does not have, under /ironhook/v1.

const (
	maxEvents = 1000
	maxWait   = 60 * time.Second
)

var eventArgs = []argument{optional("node", anIdent), optional("after", anInt), optional("limit", anInt), optional("wait", anInt)}

// own serves /ironhook/v1/events: what happened, as a list of
// {seq, at, node, mac, kind, step, detail}. "after" goes on behind a number, "wait"
// holds the request for so many seconds until there is something to tell.
func (a *API) own(w http.ResponseWriter, r *http.Request, segments []string) error {
	if len(segments) != 2 || segments[0] != "v1" || segments[1] != "events" {
		return lookup404
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		return abort(http.StatusMethodNotAllowed, "")
	}
	raw, err := queryValues(r.URL.RawQuery)
	if err != nil {
		return err
	}
	args, err := checkArguments(eventArgs, raw)
	if err != nil {
		return err
	}
	c := &call{API: a, ctx: r.Context(), r: r, minor: maxMinor, args: args}
	events, err := c.events()
	if err != nil {
		return err
	}
	b := []byte{'['}
	for i, e := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEvent(b, e)
	}
	return reply(w, http.StatusOK, append(b, ']'))
}

func (c *call) events() ([]*baremetal.Event, error) {
	deadline := time.NewTimer(min(time.Duration(c.args.number("wait"))*time.Second, maxWait))
	defer deadline.Stop()
	for {
		changed := c.store.Changed()
		events, err := c.readEvents()
		if err != nil || len(events) > 0 || c.args.number("wait") <= 0 {
			return events, err
		}
		select {
		case <-changed:
		case <-deadline.C:
			return nil, nil
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
}

func (c *call) readEvents() (events []*baremetal.Event, err error) {
	q := store.EventQuery{After: int64(c.args.number("after")), Limit: maxEvents}
	if n := c.args.number("limit"); n > 0 {
		q.Limit = min(n, maxEvents)
	}
	err = c.store.View(c.ctx, func(tx *store.Tx) error {
		q.Node = c.args.text("node")
		if !baremetal.IsUUID(q.Node) && q.Node != "" { // the log outlives the node: a UUID needs none
			ident := q.Node
			n, err := tx.Nodes().Get(ident)
			if err != nil {
				return err
			}
			q.Node = n.UUID
		}
		events, err = tx.Events(q)
		return err
	})
	return events, err
}

func appendEvent(b []byte, e *baremetal.Event) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = appendTime(append(b, `,"at":`...), e.At)
	b = appendText(append(b, `,"node":`...), e.Node)
	b = appendText(append(b, `,"mac":`...), e.MAC)
	b = appendString(append(b, `,"kind":`...), string(e.Kind))
	b = appendText(append(b, `,"step":`...), string(e.Step))
	b = appendString(append(b, `,"detail":`...), e.Detail)
	return append(b, '}')
}
