package baremetalapi

import (
	"maps"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/store"
)

var otherRoutes = []route{
	{Method: "GET", Path: "/openapi", Handle: showOpenAPI, Doc: "Describe this API"},
	{Method: "POST", Path: "/events", Since: 54, Args: args{rest.Mandatory("evts", someEvents)}, Body: "evts", Status: http.StatusNoContent,
		Handle: func(*call) ([]byte, error) { return nil, nil }, Doc: "Take note of a network service's events"},
	{Method: "GET", Path: "/shards", Since: 82, Gate: rest.Refuse(http.StatusNotFound, "The API version does not allow shards"),
		Handle: listShards, Doc: "List shards and how many nodes each has"},
	{Method: "GET", Path: "/shards/{name}", Since: 82, Gate: rest.Abort(http.StatusNotFound, "The API version does not allow shards"),
		Args: args{rest.Mandatory("name", rest.String)}, Handle: noShard},
}

var eventsSchema = &rest.Schema{Types: []string{"object"}, Closed: true, Required: []string{"events"}, Props: map[string]*rest.Schema{
	"events": {Types: []string{"array"}, MinItems: 1, Items: &rest.Schema{
		Types: []string{"object"}, Required: []string{"event"}, Props: map[string]*rest.Schema{
			"event": {Types: []string{"string"}, Enum: []any{"network.bind_port", "network.unbind_port", "network.delete_port"}},
		}}},
}}

var (
	nullable     = []string{"string", "null"}
	networkEvent = &rest.Schema{Types: []string{"object"}, Closed: true, Props: map[string]*rest.Schema{
		"event": {Types: []string{"string"}}, "port_id": {Types: []string{"string"}},
		"mac_address": {Types: []string{"string"}}, "status": {Types: []string{"string"}},
		"device_id": {Types: nullable}, "binding:host_id": {Types: nullable}, "binding:vnic_type": {Types: nullable},
	}, Required: []string{"event", "port_id", "mac_address", "status"}}
	someEvents = rest.Kind{Parse: parseEvents, Doc: "object"}
)

func parseEvents(name string, v any) (any, error) {
	if err := eventsSchema.Check(name, v); err != nil {
		return nil, err
	}
	for _, e := range v.(map[string]any)["events"].([]any) {
		if err := networkEvent.Check(name, e); err != nil {
			return nil, err
		}
		members := e.(map[string]any)
		for _, key := range []string{"port_id", "device_id", "binding:host_id"} {
			if members[key] == nil {
				continue
			}
			if _, err := rest.UUID.Parse(key, members[key]); err != nil {
				return nil, err
			}
		}
		if _, err := rest.MAC.Parse("mac_address", members["mac_address"]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// listShards counts nodes by shard; those without one are listed as "None".
func listShards(c *call) ([]byte, error) {
	var all []*node
	err := c.store.View(c.Context(), func(tx *store.Tx) (err error) {
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
	for _, name := range slices.Sorted(maps.Keys(count)) {
		list = append(list, shard{name, count[name]})
	}
	return rest.Encode(map[string]any{"shards": list}), nil
}

func noShard(*call) ([]byte, error) {
	return nil, rest.Refuse(http.StatusNotFound, "The resource could not be found.")
}
