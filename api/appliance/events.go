package applianceapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	maxEvents = 1000
	maxWait   = 60 * time.Second
)

// events lists what happened: of one node, by UUID or name, or of all; of some kinds, or of
// all; after a number; at most so many. "wait" holds the request for so many seconds until there
// is an event. A client that accepts text/event-stream gets what happens as it happens.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	asked, err := readAsked(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if streamed(r) {
		a.stream(w, r, asked)
		return
	}
	events, err := a.await(r.Context(), asked)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if len(events) == maxEvents {
		limit.Reached(limit.EventAnswers)
	}
	if events == nil {
		events = []*baremetal.Event{}
	}
	rest.Reply(w, http.StatusOK, events)
}

// asked is a checked query.
type asked struct {
	node string // UUID or name
	store.EventQuery
	wait   time.Duration
	placed bool // the query says where to begin
}

func readAsked(r *http.Request) (q asked, err error) {
	given, err := rest.Query(r, "node", "kind", "after", "limit", "wait")
	if err != nil {
		return q, err
	}
	number := map[string]int64{}
	for _, name := range []string{"after", "limit", "wait"} {
		if text := given[name]; text != "" {
			if number[name], err = strconv.ParseInt(text, 10, 64); err != nil {
				return q, baremetal.Errorf(baremetal.ErrInvalid, "Expected an integer for %s: %.32q", name, text)
			}
		}
	}
	q.node, q.After, q.Limit = given["node"], number["after"], maxEvents
	if n := number["limit"]; n > 0 {
		q.Limit = int(min(n, maxEvents))
	}
	if q.Kinds, err = kindsOf(given["kind"]); err != nil {
		return q, err
	}
	q.placed = given["after"] != ""
	q.wait = time.Duration(max(0, min(number["wait"], int64(maxWait/time.Second)))) * time.Second
	return q, nil
}

// kindsOf reads names of kinds, separated by commas; "" is all of them.
func kindsOf(text string) (kinds []baremetal.EventKind, err error) {
	if text == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		kind := baremetal.EventKind(name)
		if !slices.Contains(baremetal.EventKinds, kind) {
			all := strings.Trim(fmt.Sprint(baremetal.EventKinds), "[]")
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "There is no kind of event %.32q; there are: %s.", name,
				strings.ReplaceAll(all, " ", ", "))
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// await reads the events, and waits for the first where that is asked for.
func (a *API) await(ctx context.Context, q asked) ([]*baremetal.Event, error) {
	deadline := time.NewTimer(q.wait)
	defer deadline.Stop()
	for {
		changed := a.Store.Changed()
		events, err := a.read(ctx, q)
		if err != nil || len(events) > 0 || q.wait == 0 {
			return events, err
		}
		select {
		case <-changed:
		case <-deadline.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (a *API) read(ctx context.Context, q asked) (events []*baremetal.Event, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		q.Node = q.node
		if !baremetal.IsUUID(q.node) && q.node != "" { // the log outlives the node: a UUID needs none
			n, err := tx.Nodes().Get(q.node)
			if err != nil {
				return err
			}
			q.Node = n.UUID
		}
		events, err = tx.Events(q.EventQuery)
		return err
	})
	return events, err
}
