package baremetalapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

func noHistory(uuid string) error {
	return rest.Refuse(http.StatusNotFound, "Node history record %s could not be found.", uuid)
}

// historyKeys are what a history can be sorted by. Those that are the same in every entry leave the order.
var historyKeys = []string{"id", "uuid", "created_at", "severity", "event_type", "event", "conductor", "user", "project", "state",
	"target_provision_state", "duration_seconds", "node_id", "updated_at"}

// historyQuery reads how a history is to be sorted, and which page of it.
func (c *call) historyQuery(limit int) (q store.Query, err error) {
	key, dir := cmp.Or(c.Args.Text("sort_key"), "created_at"), "asc"
	if c.Args.Has("sort_dir") {
		dir = c.Args.Text("sort_dir")
	}
	if !slices.Contains(historyKeys, key) {
		return q, rest.Invalid("The sort_key value \"%s\" is an invalid field for sorting", key)
	}
	if dir != "asc" && dir != "desc" {
		return q, rest.Invalid("Invalid sort direction: %s. Acceptable values are 'asc' or 'desc'", dir)
	}
	switch key {
	case "conductor", "project", "created_at", "node_id", "updated_at":
		key = "id"
	}
	return store.Query{SortKey: key, Desc: dir == "desc", Marker: c.Args.Text("marker"), Limit: limit}, nil
}

// briefText is how many characters of an entry a list shows.
const briefText = 255

// laterHistory are the members of an entry that came after the first, and the microversions that brought
// them.
var laterHistory = []struct {
	name  string
	since int
	value func(b []byte, h *baremetal.History) []byte
}{
	{"project", 113, func(b []byte, _ *baremetal.History) []byte { return append(b, "null"...) }}, // there are none
	{"state", 115, func(b []byte, h *baremetal.History) []byte { return rest.AppendText(b, string(h.State)) }},
	{"target_provision_state", 115, func(b []byte, h *baremetal.History) []byte { return rest.AppendText(b, string(h.Target)) }},
	{"duration_seconds", 115, func(b []byte, h *baremetal.History) []byte { return append(b, rest.Encode(h.Duration)...) }},
}

func (c *call) appendHistory(b []byte, n *node, h *baremetal.History, detail bool) []byte {
	text := h.Event
	if runes := []rune(text); !detail && len(runes) > briefText {
		text = string(runes[:briefText-4]) + "..."
	}
	b = rest.AppendString(rest.AppendKey(append(b, '{'), "uuid"), h.UUID)
	b = rest.AppendTime(rest.AppendKey(b, "created_at"), h.CreatedAt)
	b = rest.AppendString(rest.AppendKey(b, "severity"), map[bool]string{true: "ERROR", false: "INFO"}[h.Error])
	if detail {
		b = rest.AppendString(rest.AppendKey(b, "event_type"), h.EventType)
		b = rest.AppendString(rest.AppendKey(b, "conductor"), c.conductor.Host)
		b = rest.AppendText(rest.AppendKey(b, "user"), h.User)
		for _, f := range laterHistory {
			if f.since <= c.Minor {
				b = f.value(rest.AppendKey(b, f.name), h)
			}
		}
	}
	b = rest.AppendString(rest.AppendKey(b, "event"), text)
	b = append(rest.AppendKey(b, "links"), `[{"href":`...)
	b = rest.AppendString(b, c.Base+"/v1/nodes/"+n.UUID+"/history/"+h.UUID)
	return append(b, `,"rel":"self"}]}`...)
}

func listHistory(c *call) ([]byte, error) {
	limit, err := rest.Limit(c.Call)
	if err != nil {
		return nil, err
	}
	q, err := c.historyQuery(limit)
	if err != nil {
		return nil, err
	}
	n, entries, err := c.history(q)
	if err != nil {
		return nil, err
	}
	b := append(rest.AppendKey([]byte{'{'}, "history"), '[')
	for i, h := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendHistory(b, n, h, c.Args.Flag("detail"))
	}
	b = append(b, ']')
	if len(entries) == limit {
		next := fmt.Sprintf("%s/v1/nodes/%s/history?limit=%d&marker=%s", c.Base, c.Args.Text("node_ident"), limit, entries[limit-1].UUID)
		for _, name := range []string{"sort_key", "sort_dir"} {
			if c.Args.Given(name) {
				next += "&" + name + "=" + c.Args.Text(name)
			}
		}
		if c.Args.Flag("detail") {
			next += "&detail=True"
		}
		b = rest.AppendString(rest.AppendKey(b, "next"), next)
	}
	return append(b, '}'), nil
}

func (c *call) history(q store.Query) (n *node, entries []*baremetal.History, err error) {
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
		if n, err = c.nodeIn(tx); err != nil {
			return err
		}
		q.Filters = append(q.Filters, store.Filter{Column: "node_uuid", Value: n.UUID})
		entries, err = tx.Histories().List(q)
		if errors.Is(err, baremetal.ErrNotFound) {
			err = noHistory(q.Marker)
		}
		return err
	})
	return n, entries, err
}

func showHistory(c *call) ([]byte, error) {
	uuid := c.Args.Text("event")
	n, entries, err := c.history(store.Query{Filters: []store.Filter{{Column: "uuid", Value: uuid}}})
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, noHistory(uuid)
	}
	return c.appendHistory(nil, n, entries[0], true), nil
}
