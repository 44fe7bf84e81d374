package api

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// The parts of a node that Ironic has resources for and Ironhook's hardware types
// mostly lack: they answer as Ironic does for hardware without them.

var (
	vifSchema = &schema{types: []string{"object"}, required: []string{"id"}, props: map[string]*schema{"id": {types: []string{"string"}}}}
	aVIF      = kind{parseVIF, "object"}
	methodArg = mandatory("method", aString)
)

var nodePartRoutes = []route{
	{method: "GET", path: "/nodes/{node_ident}/vifs", since: 28, gate: lookup404, args: []argument{nodeArg}, handle: listVIFs, doc: "List the virtual interfaces of a node"},
	{method: "POST", path: "/nodes/{node_ident}/vifs", since: 28, gate: lookup404, args: []argument{nodeArg, mandatory("vif", aVIF)}, body: "vif",
		status: http.StatusNoContent, handle: changeVIF, doc: "Attach a virtual interface"},
	{method: "DELETE", path: "/nodes/{node_ident}/vifs/{vif_id}", since: 28, gate: lookup404, args: []argument{nodeArg, mandatory("vif_id", anIdent)},
		status: http.StatusNoContent, handle: changeVIF, doc: "Detach a virtual interface"},
	{method: "GET", path: "/nodes/{node_ident}/bios", since: 40, gate: lookup404, args: join([]argument{nodeArg}, fieldArgs), handle: listBIOS, doc: "List the BIOS settings of a node"},
	{method: "GET", path: "/nodes/{node_ident}/bios/{setting_name}", since: 40, gate: lookup404, args: []argument{nodeArg, mandatory("setting_name", aName)}, handle: showBIOS, doc: "Show a BIOS setting"},
	{method: "GET", path: "/nodes/{node_ident}/inventory", since: 81, gate: lookup404, args: []argument{nodeArg}, handle: showInventory, doc: "Show what inspection found"},
	{method: "GET", path: "/nodes/{node_ident}/history", since: 78, gate: lookup404,
		args: []argument{nodeArg, optional("detail", aBoolean), optional("marker", aUUID), optional("limit", anInt)}, handle: listHistory, doc: "List what went wrong with a node"},
	{method: "GET", path: "/nodes/{node_ident}/history/{event}", since: 78, gate: lookup404, args: []argument{nodeArg, mandatory("event", anIdent)}, handle: showHistory, doc: "Show one entry of a node's history"},
	{method: "GET", path: "/nodes/{node_ident}/management/indicators", args: []argument{nodeArg}, handle: listIndicators, doc: "List a node's indicator lights"},
	{method: "GET", path: "/nodes/{node_ident}/management/indicators/{indicator}", args: []argument{nodeArg, mandatory("indicator", aString)}, handle: oneIndicator, doc: "Show an indicator light"},
	{method: "PUT", path: "/nodes/{node_ident}/management/indicators/{indicator}", args: []argument{nodeArg, mandatory("indicator", aString), mandatory("state", aString)},
		body: "*", handle: oneIndicator, doc: "Switch an indicator light"},
	{method: "GET", path: "/nodes/{node_ident}/vendor_passthru/methods", args: []argument{nodeArg}, handle: listVendorMethods, doc: "List a driver's own methods"},
	vendorRoute("GET", ""), vendorRoute("POST", ""), vendorRoute("PUT", ""), vendorRoute("DELETE", ""),
	vendorRoute("GET", "/{method}"), vendorRoute("POST", "/{method}"), vendorRoute("PUT", "/{method}"), vendorRoute("DELETE", "/{method}"),
}

func vendorRoute(method, tail string) route {
	return route{method: method, path: "/nodes/{node_ident}/vendor_passthru" + tail, args: []argument{nodeArg, methodArg}, handle: noNodeMethod}
}

func parseVIF(name string, v any) (any, error) {
	if err := vifSchema.check(name, v); err != nil {
		return nil, err
	}
	_, err := parseIdent("id", v.(map[string]any)["id"])
	return v, err
}

func listVIFs(c *call) ([]byte, error) {
	_, err := c.node()
	return []byte(`{"vifs":[]}`), err
}

// changeVIF: the network interface "noop" has nothing to attach to and says yes.
func changeVIF(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	vif := asObject(c.args["vif"])
	if c.minor >= 67 && vif["port_uuid"] != nil && vif["portgroup_uuid"] != nil {
		return nil, invalid("Cannot specify both port_uuid and portgroup_uuid")
	}
	if !c.conductor.Serves(n) {
		return nil, c.conductor.Equip(n)
	}
	return nil, nil
}

func listBIOS(c *call) ([]byte, error) {
	if c.minor < 74 {
		for _, name := range []string{"detail", "fields"} {
			if c.args.has(name) {
				return nil, invalid("Invalid query parameter ?%s=%s received.", name, repr(c.args[name]))
			}
		}
	}
	if c.args.given("fields") && c.args.flag("detail") {
		return nil, invalid("Can not specify ?detail=True and fields in the same request.")
	}
	_, err := c.node()
	return []byte(`{"bios":[]}`), err
}

func showBIOS(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, faultf(http.StatusNotFound, "Node %s doesn't have a BIOS setting '%s'", n.UUID, c.args.text("setting_name"))
}

func showInventory(c *call) ([]byte, error) {
	var found *baremetal.Inventory
	err := c.store.View(c.ctx, func(tx *store.Tx) error {
		n, err := c.nodeIn(tx)
		if err != nil {
			return err
		}
		found, err = tx.Inventories().Get(n.UUID)
		if isKind(err, baremetal.ErrNotFound) {
			err = baremetal.Errorf(baremetal.ErrNotFound, "Node inventory record for node %d could not be found.", n.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b := appendMasked(appendKey([]byte{'{'}, "inventory"), found.Inventory, baremetal.Secrets)
	return append(appendMasked(appendKey(b, "plugin_data"), found.PluginData, baremetal.Secrets), '}'), nil
}

// A node's history is a view of the event log: its errors. An entry's UUID is made
// of its number in the log (RFC 9562, version 8).

func historyUUID(seq int64) string { return fmt.Sprintf("00000000-0000-8000-8000-%012x", seq) }

func historySeq(uuid string) (int64, bool) {
	tail, ok := strings.CutPrefix(strings.ToLower(uuid), "00000000-0000-8000-8000-")
	if !ok || len(tail) != 12 {
		return 0, false
	}
	seq, err := strconv.ParseInt(tail, 16, 64)
	return seq, err == nil
}

func noHistory(uuid string) error {
	return faultf(http.StatusNotFound, "Node history record %s could not be found.", uuid)
}

// briefText is how much of an entry a list shows.
const briefText = 255

func (c *call) appendHistory(b []byte, n *node, e *baremetal.Event, detail bool) []byte {
	text := e.Detail
	if !detail && len(text) > briefText {
		text = strings.ToValidUTF8(text[:briefText-4], "") + "..."
	}
	b = appendString(appendKey(append(b, '{'), "uuid"), historyUUID(e.Seq))
	b = appendTime(appendKey(b, "created_at"), e.At)
	b = append(appendKey(b, "severity"), `"ERROR"`...)
	if detail {
		b = append(appendKey(b, "event_type"), `"error"`...)
		b = appendString(appendKey(b, "conductor"), c.conductor.Host)
		b = append(appendKey(b, "user"), "null"...)
	}
	b = appendString(appendKey(b, "event"), text)
	b = append(appendKey(b, "links"), `[{"href":`...)
	b = appendString(b, c.base+"/v1/nodes/"+n.UUID+"/history/"+historyUUID(e.Seq))
	return append(b, `,"rel":"self"}]}`...)
}

func listHistory(c *call) ([]byte, error) {
	limit := maxLimit
	if c.args.given("limit") {
		if limit = min(c.args.number("limit"), maxLimit); limit <= 0 {
			return nil, invalid("Limit must be positive")
		}
	}
	q := store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventError}, Limit: limit}
	if marker := c.args.text("marker"); marker != "" {
		seq, ok := historySeq(marker)
		if !ok {
			return nil, noHistory(marker)
		}
		q.After = seq
	}
	n, entries, err := c.history(q)
	if err != nil {
		return nil, err
	}
	b := append(appendKey([]byte{'{'}, "history"), '[')
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendHistory(b, n, e, c.args.flag("detail"))
	}
	b = append(b, ']')
	if len(entries) == limit {
		next := fmt.Sprintf("%s/v1/nodes/%s/history?limit=%d&marker=%s", c.base, c.args.text("node_ident"), limit, historyUUID(entries[limit-1].Seq))
		if c.args.flag("detail") {
			next += "&detail=True"
		}
		b = appendString(appendKey(b, "next"), next)
	}
	return append(b, '}'), nil
}

func (c *call) history(q store.EventQuery) (n *node, entries []*baremetal.Event, err error) {
	err = c.store.View(c.ctx, func(tx *store.Tx) error {
		if n, err = c.nodeIn(tx); err != nil {
			return err
		}
		// A node may have had its UUID from one that was deleted; that one's story is
		// not its own.
		q.Node, q.Since = n.UUID, n.CreatedAt
		entries, err = tx.Events(q)
		return err
	})
	return n, entries, err
}

func showHistory(c *call) ([]byte, error) {
	uuid := c.args.text("event")
	seq, ok := historySeq(uuid)
	n, entries, err := c.history(store.EventQuery{After: seq - 1, Limit: 1, Kinds: []baremetal.EventKind{baremetal.EventError}})
	if err != nil {
		return nil, err
	}
	if !ok || len(entries) == 0 || entries[0].Seq != seq {
		return nil, noHistory(uuid)
	}
	return c.appendHistory(nil, n, entries[0], true), nil
}

func listIndicators(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, baremetal.Unsupported(n.Driver, "get_supported_indicators")
}

func oneIndicator(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	name := c.args.text("indicator")
	if !strings.Contains(name, "@") {
		return nil, invalid(`Malformed indicator name "%s"`, name)
	}
	return nil, baremetal.Unsupported(n.Driver, cmp.Or(map[string]string{"PUT": "set_indicator_state"}[c.r.Method], "get_indicator_state"))
}

func listVendorMethods(c *call) ([]byte, error) {
	_, err := c.node()
	return []byte("{}"), err
}

func noNodeMethod(c *call) ([]byte, error) {
	if _, err := c.node(); err != nil {
		return nil, err
	}
	return nil, invalid("No handler for method %s", c.args.text("method"))
}
