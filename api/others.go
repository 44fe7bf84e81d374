package api

import (
	"net/http"

	"ironhook/store"
)

var otherRoutes = []route{
	{method: "GET", path: "/openapi", handle: showOpenAPI, doc: "Describe this API"},
	{method: "POST", path: "/events", since: 54, args: []argument{mandatory("evts", someEvents)}, body: "evts", status: http.StatusNoContent,
		handle: func(*call) ([]byte, error) { return nil, nil }, doc: "Take note of a network service's events"},
	{method: "GET", path: "/shards", since: 82, gate: abort(http.StatusNotFound, "The API version does not allow shards"), handle: listShards, doc: "List shards and how many nodes each has"},
	{method: "GET", path: "/shards/{name}", since: 82, gate: abort(http.StatusNotFound, "The API version does not allow shards"),
		args: []argument{mandatory("name", aString)}, handle: noShard},
}

var eventsSchema = &schema{types: []string{"object"}, closed: true, required: []string{"events"}, props: map[string]*schema{
	"events": {types: []string{"array"}, minItems: 1, items: &schema{types: []string{"object"}, required: []string{"event"}, props: map[string]*schema{
		"event": {types: []string{"string"}, enum: []any{"network.bind_port", "network.unbind_port", "network.delete_port"}},
	}}},
}}

var (
	nullable     = []string{"string", "null"}
	networkEvent = &schema{types: []string{"object"}, closed: true, required: []string{"event", "port_id", "mac_address", "status"}, props: map[string]*schema{
		"event": {types: []string{"string"}}, "port_id": {types: []string{"string"}}, "mac_address": {types: []string{"string"}}, "status": {types: []string{"string"}},
		"device_id": {types: nullable}, "binding:host_id": {types: nullable}, "binding:vnic_type": {types: nullable},
	}}
	someEvents = kind{parseEvents, "object"}
)

func parseEvents(name string, v any) (any, error) {
	if err := eventsSchema.check(name, v); err != nil {
		return nil, err
	}
	for _, e := range v.(map[string]any)["events"].([]any) {
		if err := networkEvent.check(name, e); err != nil {
			return nil, err
		}
		members := e.(map[string]any)
		for _, key := range []string{"port_id", "device_id", "binding:host_id"} {
			if members[key] == nil {
				continue
			}
			if _, err := parseUUID(key, members[key]); err != nil {
				return nil, err
			}
		}
		if _, err := parseMAC("mac_address", members["mac_address"]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// listShards counts nodes by shard; those without one stand under "None".
func listShards(c *call) ([]byte, error) {
	var all []*node
	err := c.store.View(c.ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Nodes().List(store.Query{Columns: []string{"shard"}})
		return err
	})
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, n := range all {
		name := n.Shard
		if name == "" {
			name = "None"
		}
		count[name]++
	}
	type shard struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
	}
	list := []shard{}
	for _, name := range sortedKeys(count) {
		list = append(list, shard{name, count[name]})
	}
	return encode(map[string]any{"shards": list}), nil
}

func noShard(*call) ([]byte, error) {
	return nil, faultf(http.StatusNotFound, "The resource could not be found.")
}
