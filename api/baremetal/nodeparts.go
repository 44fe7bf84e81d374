package baremetalapi

import (
	"errors"
	"net/http"
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
		Handle: listHistory, Doc: "List what happened to a node"},
	{Method: "GET", Path: "/nodes/{node_ident}/history/{event}", Since: 78, Gate: rest.ErrNoRoute,
		Args: args{nodeArg, rest.Mandatory("event", rest.Ident)}, Handle: showHistory, Doc: "Show one entry of a node's history"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/indicators", Args: args{nodeArg},
		Handle: listIndicators, Doc: "List a node's indicator lights"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/indicators/{indicator}",
		Args: args{nodeArg, rest.Mandatory("indicator", rest.String)}, Handle: oneIndicator, Doc: "Show an indicator light"},
	{Method: "PUT", Path: "/nodes/{node_ident}/management/indicators/{indicator}", Least: baremetal.RoleOperator,
		Args: args{nodeArg, rest.Mandatory("indicator", rest.String), rest.Mandatory("state", rest.String)},
		Body: rest.Members, Status: http.StatusNoContent, Handle: oneIndicator, Doc: "Switch an indicator light"},
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
	_, err := c.node("uuid")
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

func listIndicators(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	all, err := c.conductor.Indicators(c.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	b := append(rest.AppendKey([]byte{'{'}, "indicators"), '[')
	for i, l := range all {
		if i > 0 {
			b = append(b, ',')
		}
		name := l.Name + "@" + l.Component
		at := "nodes/" + c.Args.Text("node_ident") + "/management/indicators/" + name
		b = rest.AppendString(rest.AppendKey(append(b, '{'), "name"), name)
		b = rest.AppendString(rest.AppendKey(b, "component"), l.Component)
		b = strconv.AppendBool(rest.AppendKey(b, "readonly"), l.ReadOnly)
		b = rest.AppendStrings(rest.AppendKey(b, "states"), l.States)
		b = rest.AppendString(append(rest.AppendKey(b, "links"), `[{"href":`...), c.Base+"/v1/"+at)
		b = append(rest.AppendString(append(b, `,"rel":"self"},{"href":`...), c.Base+"/"+at), `,"rel":"bookmark"}]}`...)
	}
	return append(b, ']', '}'), nil
}

func oneIndicator(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	name, component, ok := strings.Cut(c.Args.Text("indicator"), "@")
	if !ok {
		return nil, rest.Invalid(`Malformed indicator name "%s"`, name)
	}
	if c.Request.Method == http.MethodPut {
		return nil, c.conductor.SetIndicator(c.Context(), n.UUID, component, name, c.Args.Text("state"))
	}
	state, err := c.conductor.Indicator(c.Context(), n.UUID, component, name)
	if err != nil {
		return nil, err
	}
	return rest.Encode(map[string]any{"state": state}), nil
}

func listVendorMethods(c *call) ([]byte, error) {
	_, err := c.node("uuid")
	return []byte("{}"), err
}

func noNodeMethod(c *call) ([]byte, error) {
	if _, err := c.node("uuid"); err != nil {
		return nil, err
	}
	return nil, rest.Invalid("No handler for method %s", c.Args.Text("method"))
}
