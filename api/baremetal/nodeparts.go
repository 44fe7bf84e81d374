package baremetalapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// The parts of a node that Ironic has resources for and Ironhook's hardware types
// mostly lack: they answer as Ironic does for hardware without them.

var (
	vifSchema = &rest.Schema{Types: []string{"object"}, Required: []string{"id"},
		Props: map[string]*rest.Schema{"id": {Types: []string{"string"}}}}
	aVIF      = rest.Kind{Parse: parseVIF, Doc: "object"}
	methodArg = rest.Mandatory("method", rest.String)
)

var nodePartRoutes = []route{
	{Method: "GET", Path: "/nodes/{node_ident}/vifs", Since: 28, Gate: rest.ErrNoRoute, Args: args{nodeArg},
		Handle: listVIFs, Doc: "List the virtual interfaces of a node"},
	{Method: "POST", Path: "/nodes/{node_ident}/vifs", Since: 28, Gate: rest.ErrNoRoute,
		Args: args{nodeArg, rest.Mandatory("vif", aVIF)}, Body: "vif",
		Status: http.StatusNoContent, Handle: changeVIF, Doc: "Attach a virtual interface"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/vifs/{vif_id}", Since: 28, Gate: rest.ErrNoRoute,
		Args:   args{nodeArg, rest.Mandatory("vif_id", rest.Ident)},
		Status: http.StatusNoContent, Handle: changeVIF, Doc: "Detach a virtual interface"},
	{Method: "GET", Path: "/nodes/{node_ident}/bios", Since: 40, Gate: rest.ErrNoRoute, Args: rest.Join(args{nodeArg}, rest.FieldArgs),
		Handle: listBIOS, Doc: "List the BIOS settings of a node"},
	{Method: "GET", Path: "/nodes/{node_ident}/bios/{setting_name}", Since: 40, Gate: rest.ErrNoRoute,
		Args: args{nodeArg, rest.Mandatory("setting_name", rest.Name)}, Handle: showBIOS, Doc: "Show a BIOS setting"},
	{Method: "GET", Path: "/nodes/{node_ident}/firmware", Since: 86, Gate: rest.ErrNoRoute,
		Args:   args{nodeArg, rest.Optional("fields", rest.Words)},
		Handle: listFirmware, Doc: "List the firmware of a node's components"},
	{Path: "/nodes/{node_ident}/firmware/{component}"},
	{Method: "GET", Path: "/nodes/{node_ident}/children", Since: 83, Gate: rest.ErrNoRoute, Args: args{nodeArg},
		Handle: listChildren, Doc: "List the nodes that are parts of a node"},
	{Path: "/nodes/{node_ident}/children/{child}"},
	{Method: "GET", Path: "/nodes/{node_ident}/inventory", Since: 81, Gate: rest.ErrNoRoute, Args: args{nodeArg},
		Handle: showInventory, Doc: "Show what inspection found"},
	{Method: "GET", Path: "/nodes/{node_ident}/history", Since: 78, Gate: rest.ErrNoRoute,
		Args: args{nodeArg, rest.Optional("detail", rest.Boolean), rest.Optional("marker", rest.UUID), rest.Optional("limit", rest.Integer),
			rest.Optional("sort_key", rest.String), rest.Optional("sort_dir", rest.String)},
		Handle: listHistory, Doc: "List what went wrong with a node"},
	{Method: "GET", Path: "/nodes/{node_ident}/history/{event}", Since: 78, Gate: rest.ErrNoRoute,
		Args: args{nodeArg, rest.Mandatory("event", rest.Ident)}, Handle: showHistory, Doc: "Show one entry of a node's history"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/indicators", Args: args{nodeArg},
		Handle: listIndicators, Doc: "List a node's indicator lights"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/indicators/{indicator}",
		Args: args{nodeArg, rest.Mandatory("indicator", rest.String)}, Handle: oneIndicator, Doc: "Show an indicator light"},
	{Method: "PUT", Path: "/nodes/{node_ident}/management/indicators/{indicator}", Least: baremetal.RoleOperator,
		Args: args{nodeArg, rest.Mandatory("indicator", rest.String), rest.Mandatory("state", rest.String)},
		Body: rest.Members, Handle: oneIndicator, Doc: "Switch an indicator light"},
	{Method: "GET", Path: "/nodes/{node_ident}/vendor_passthru/methods", Args: args{nodeArg},
		Handle: listVendorMethods, Doc: "List a driver's own methods"},
	vendorRoute("GET", ""), vendorRoute("POST", ""), vendorRoute("PUT", ""), vendorRoute("DELETE", ""),
	vendorRoute("GET", "/{method}"), vendorRoute("POST", "/{method}"), vendorRoute("PUT", "/{method}"), vendorRoute("DELETE", "/{method}"),
}

func vendorRoute(method, tail string) route {
	return route{Method: method, Path: "/nodes/{node_ident}/vendor_passthru" + tail, Args: args{nodeArg, methodArg}, Handle: noNodeMethod}
}

func parseVIF(name string, v any) (any, error) {
	if err := vifSchema.Check(name, v); err != nil {
		return nil, err
	}
	_, err := rest.Ident.Parse("id", v.(map[string]any)["id"])
	return v, err
}

func listVIFs(c *call) ([]byte, error) {
	_, err := c.node()
	return []byte(`{"vifs":[]}`), err
}

// changeVIF: the network interface "noop" has nothing to attach to and accepts.
func changeVIF(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	vif := rest.AsObject(c.Args["vif"])
	if c.Minor >= 67 && vif["port_uuid"] != nil && vif["portgroup_uuid"] != nil {
		return nil, rest.Invalid("Cannot specify both port_uuid and portgroup_uuid")
	}
	if !c.conductor.Serves(n) {
		return nil, c.conductor.Equip(n)
	}
	return nil, nil
}

func listBIOS(c *call) ([]byte, error) {
	if c.Minor < 74 {
		for _, name := range []string{"detail", "fields"} {
			if c.Args.Has(name) {
				return nil, rest.Invalid("Invalid query parameter ?%s=%s received.", name, rest.Repr(c.Args[name]))
			}
		}
	}
	if c.Args.Given("fields") && c.Args.Flag("detail") {
		return nil, rest.Invalid("Can not specify ?detail=True and fields in the same request.")
	}
	_, err := c.node()
	return []byte(`{"bios":[]}`), err
}

// listFirmware: no hardware type of ours can tell.
func listFirmware(c *call) ([]byte, error) {
	_, err := c.node()
	return []byte(`{"firmware":[]}`), err
}

func showBIOS(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, rest.Refuse(http.StatusNotFound, "Node %s doesn't have a BIOS setting '%s'", n.UUID, c.Args.Text("setting_name"))
}

func showInventory(c *call) ([]byte, error) {
	var found *baremetal.Inventory
	err := c.store.View(c.Context(), func(tx *store.Tx) error {
		n, err := c.nodeIn(tx)
		if err != nil {
			return err
		}
		found, err = tx.Inventories().Get(n.UUID)
		if errors.Is(err, baremetal.ErrNotFound) {
			err = baremetal.Errorf(baremetal.ErrNotFound, "Node inventory record for node %d could not be found.", n.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b := rest.AppendMasked(rest.AppendKey([]byte{'{'}, "inventory"), found.Inventory, baremetal.Secrets)
	return append(rest.AppendMasked(rest.AppendKey(b, "plugin_data"), found.PluginData, baremetal.Secrets), '}'), nil
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
	return rest.Refuse(http.StatusNotFound, "Node history record %s could not be found.", uuid)
}

// laterHistory are the members of an entry that Ironhook does not keep, and the
// microversions that brought them.
var laterHistory = []struct {
	name  string
	since int
}{{"project", 113}, {"state", 115}, {"target_provision_state", 115}, {"duration_seconds", 115}}

// historyOrder reads how a history is to be sorted: an entry's number, UUID and time go up
// together.
func (c *call) historyOrder() (desc bool, err error) {
	key, dir := cmp.Or(c.Args.Text("sort_key"), "created_at"), cmp.Or(c.Args.Text("sort_dir"), "asc")
	if !slices.Contains([]string{"id", "uuid", "created_at", "severity", "event_type", "event", "conductor", "user"}, key) {
		return false, rest.Invalid("The sort_key value \"%s\" is an invalid field for sorting", key)
	}
	if dir != "asc" && dir != "desc" {
		return false, rest.Invalid("Invalid sort direction: %s. Acceptable values are 'asc' or 'desc'", dir)
	}
	return dir == "desc", nil
}

// briefText is how much of an entry a list shows.
const briefText = 255

func (c *call) appendHistory(b []byte, n *node, e *baremetal.Event, detail bool) []byte {
	text := e.Detail
	if !detail && len(text) > briefText {
		text = strings.ToValidUTF8(text[:briefText-4], "") + "..."
	}
	b = rest.AppendString(rest.AppendKey(append(b, '{'), "uuid"), historyUUID(e.Seq))
	b = rest.AppendTime(rest.AppendKey(b, "created_at"), e.At)
	b = append(rest.AppendKey(b, "severity"), `"ERROR"`...)
	if detail {
		b = append(rest.AppendKey(b, "event_type"), `"error"`...)
		b = rest.AppendString(rest.AppendKey(b, "conductor"), c.conductor.Host)
		b = append(rest.AppendKey(b, "user"), "null"...)
		for _, f := range laterHistory {
			if f.since <= c.Minor {
				b = append(rest.AppendKey(b, f.name), "null"...)
			}
		}
	}
	b = rest.AppendString(rest.AppendKey(b, "event"), text)
	b = append(rest.AppendKey(b, "links"), `[{"href":`...)
	b = rest.AppendString(b, c.Base+"/v1/nodes/"+n.UUID+"/history/"+historyUUID(e.Seq))
	return append(b, `,"rel":"self"}]}`...)
}

func listHistory(c *call) ([]byte, error) {
	limit, err := rest.Limit(c.Call)
	if err != nil {
		return nil, err
	}
	desc, err := c.historyOrder()
	if err != nil {
		return nil, err
	}
	q := store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventError}, Limit: limit, Last: desc}
	if marker := c.Args.Text("marker"); marker != "" {
		seq, ok := historySeq(marker)
		if !ok {
			return nil, noHistory(marker)
		}
		q.After, q.Before = seq, 0
		if desc {
			q.After, q.Before = 0, seq
		}
	}
	n, entries, err := c.history(q)
	if err != nil {
		return nil, err
	}
	if desc {
		slices.Reverse(entries)
	}
	b := append(rest.AppendKey([]byte{'{'}, "history"), '[')
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendHistory(b, n, e, c.Args.Flag("detail"))
	}
	b = append(b, ']')
	if len(entries) == limit {
		next := fmt.Sprintf("%s/v1/nodes/%s/history?limit=%d&marker=%s",
			c.Base, c.Args.Text("node_ident"), limit, historyUUID(entries[limit-1].Seq))
		if desc {
			next += "&sort_dir=desc"
		}
		if c.Args.Flag("detail") {
			next += "&detail=True"
		}
		b = rest.AppendString(rest.AppendKey(b, "next"), next)
	}
	return append(b, '}'), nil
}

func (c *call) history(q store.EventQuery) (n *node, entries []*baremetal.Event, err error) {
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
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
	uuid := c.Args.Text("event")
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
	name := c.Args.Text("indicator")
	if !strings.Contains(name, "@") {
		return nil, rest.Invalid(`Malformed indicator name "%s"`, name)
	}
	return nil, baremetal.Unsupported(n.Driver, cmp.Or(map[string]string{"PUT": "set_indicator_state"}[c.Request.Method], "get_indicator_state"))
}

func listVendorMethods(c *call) ([]byte, error) {
	_, err := c.node()
	return []byte("{}"), err
}

func noNodeMethod(c *call) ([]byte, error) {
	if _, err := c.node(); err != nil {
		return nil, err
	}
	return nil, rest.Invalid("No handler for method %s", c.Args.Text("method"))
}
