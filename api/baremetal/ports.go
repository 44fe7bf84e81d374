package baremetalapi

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

type port = baremetal.Port

func portUUID(p *port) string { return p.UUID }

var ports = table[port]{rows: (*store.Tx).Ports, Resource: rest.NewResource(rest.Resource[port]{
	Plural: "ports", Path: "ports", Body: "port", Ident: "port_uuid",
	UUID: portUUID, Strict: true,
	Allowed: []string{"address", "extra", "is_smartnic", "local_link_connection", "node_ident", "node_uuid", "physical_network",
		"portgroup_uuid", "pxe_enabled", "name", "description", "vendor", "category", "available_for_dynamic_portgroup"},
	Fields: []rest.Field[port]{
		rest.UUIDField("uuid", 1, rest.Brief|rest.Create, func(p *port) *string { return &p.UUID }),
		rest.Created(func(p *port) *time.Time { return &p.CreatedAt }),
		rest.Updated(func(p *port) *time.Time { return &p.UpdatedAt }),
		rest.WordField("address", 1, rest.Brief|rest.Create|rest.Required|rest.Update, func(p *port) *string { return &p.Address }).
			Checked(&rest.MAC),
		rest.ObjectField("extra", 1, rest.Create|rest.Update, func(p *port) *baremetal.Object { return &p.Extra }),
		rest.ObjectField("internal_info", 18, rest.Silent, func(p *port) *baremetal.Object { return &p.InternalInfo }),
		rest.FlagField("is_smartnic", 53, rest.Create|rest.Update, func(p *port) *bool { return &p.IsSmartNIC }),
		localLink(),
		rest.TextField("physical_network", 34, rest.Create|rest.Update, func(p *port) *string { return &p.PhysicalNetwork }).Max(64),
		rest.FlagField("pxe_enabled", 19, rest.Create|rest.Update, func(p *port) *bool { return &p.PXEEnabled }),
		nodeUUIDField(func(p *port) *string { return &p.NodeUUID }).Quiet(),
		rest.LinksField("links", 1, rest.Implicit|rest.Always, "ports", portUUID, ""),
		rest.OptionalField("name", 88, rest.Create|rest.Update, func(p *port) **string { return &p.Name }),
		rest.OptionalField("description", 97, rest.Create|rest.Update, func(p *port) **string { return &p.Description }).Max(255),
		rest.OptionalField("vendor", 100, rest.Create|rest.Update, func(p *port) **string { return &p.Vendor }).Max(32),
		rest.OptionalField("category", 101, rest.Create|rest.Update, func(p *port) **string { return &p.Category }).Max(80),
		dynamicPort(),
		nodeIdentField(),
		rest.UUIDField("portgroup_uuid", 24, rest.Create|rest.Update, func(p *port) *string { return &p.PortgroupUUID }),
	},
})}

var (
	portFilterArgs = rest.Join(args{rest.Optional("node", rest.Ident), rest.Optional("node_uuid", rest.UUID),
		rest.Optional("address", rest.MAC)},
		pageArgs,
		args{rest.Optional("conductor_groups", rest.Words), rest.Optional("description_contains", rest.String),
			rest.Optional("portgroup", rest.Ident), rest.Optional("shard", rest.Words).From(82)})
	portArg       = rest.Mandatory("port_uuid", rest.UUID)
	portNameArg   = rest.Mandatory("port_uuid", rest.Ident)
	portPatchArgs = args{portNameArg, rest.Mandatory("patch", rest.JSONPatch)}
)

var portRoutes = []route{
	{Method: "GET", Path: "/ports", Args: rest.Join(portFilterArgs, rest.FieldArgs), Handle: listPorts, Doc: "List ports"},
	{Method: "GET", Path: "/ports/detail", Args: portFilterArgs, Handle: listPortsInDetail, Doc: "List ports with all their fields"},
	{Method: "POST", Path: "/ports", Args: args{rest.Mandatory("port", rest.Any)}, Body: "port", Status: http.StatusCreated,
		Handle: createPort, Doc: "Create a port"},
	{Method: "PATCH", Path: "/ports", Args: portPatchArgs, Body: "patch", Handle: patchPort},
	{Method: "DELETE", Path: "/ports", Args: args{portArg}, Status: http.StatusNoContent, Handle: deletePort},
	{Method: "GET", Path: "/ports/{port_uuid}", Args: args{portNameArg, rest.Optional("fields", rest.Words)},
		Handle: showPort, Doc: "Show a port"},
	{Method: "POST", Path: "/ports/{port_uuid}", Args: args{rest.Mandatory("port_uuid", rest.String)},
		Handle: postToItem("port", "port_uuid")},
	{Method: "PATCH", Path: "/ports/{port_uuid}", Args: portPatchArgs, Body: "patch",
		Handle: patchPort, Doc: "Change a port by a JSON patch"},
	{Method: "DELETE", Path: "/ports/{port_uuid}", Args: args{portArg}, Status: http.StatusNoContent,
		Handle: deletePort, Doc: "Delete a port"},
	{Method: "GET", Path: "/ports/{port_uuid}/{fields}", Args: args{portArg, rest.Optional("fields", rest.Words)}, Handle: showPort},

	{Method: "GET", Path: "/nodes/{node_ident}/ports", Args: rest.Join(args{nodeArg}, portFilterArgs, rest.FieldArgs),
		Handle: listPorts, Doc: "List the ports of a node"},
	{Method: "GET", Path: "/nodes/{node_ident}/ports/detail", Args: rest.Join(args{nodeArg}, portFilterArgs),
		Handle: listPortsInDetail, Doc: "List the ports of a node with all their fields"},
	{Method: "POST", Path: "/nodes/{node_ident}/ports", Args: args{nodeArg, rest.Mandatory("port", rest.Any)}, Body: "port", Handle: notHere},
	{Method: "GET", Path: "/nodes/{node_ident}/ports/{port_uuid}", Args: args{nodeArg, portArg, rest.Optional("fields", rest.Words)},
		Handle: notHere},
	{Method: "PATCH", Path: "/nodes/{node_ident}/ports/{port_uuid}", Args: rest.Join(args{nodeArg}, portPatchArgs), Body: "patch",
		Handle: notHere},
	{Method: "DELETE", Path: "/nodes/{node_ident}/ports/{port_uuid}", Args: args{nodeArg, portArg}, Handle: notHere},
}

func showPort(c *call) ([]byte, error) {
	p, err := ports.get(c, c.Args.Text("port_uuid"))
	if err != nil {
		return nil, err
	}
	return ports.ShowAsked(c.Call, p)
}

func createPort(c *call) ([]byte, error) {
	p := &port{PXEEnabled: true}
	if err := nameNode(c); err != nil {
		return nil, err
	}
	if err := ports.Fill(c.Call, c.Args["port"], p); err != nil {
		return nil, err
	}
	if isVTEP(p.LocalLinkConnection) && !c.knowsVTEP() {
		return nil, rest.NotAcceptable(0)
	}
	if err := c.fleet.CreatePort(c.Context(), c.rules(), p, rest.AsObject(c.Args["port"])); err != nil {
		return nil, err
	}
	c.Created("ports/" + p.UUID)
	return ports.Show(c.Call, p, nil)
}

// nodeIdentField names the node of a new port by UUID or name, instead of node_uuid.
func nodeIdentField() rest.Field[port] {
	return rest.Field[port]{Name: "node_ident", Since: 94, Access: rest.Create | rest.Implicit, Hidden: true, Set: func(*port, any) {},
		Schema: &rest.Schema{Types: []string{"string"}}}
}

// nameNode replaces node_ident by the node_uuid of a new port.
func nameNode(c *call) error {
	body, _ := c.Args["port"].(map[string]any)
	ident, ok := body["node_ident"].(string)
	_, both := body["node_uuid"]
	switch {
	case !ok:
		return nil
	case c.Minor < 94:
		return rest.NotAcceptable(0)
	case both:
		return rest.Invalid("Schema error for port: %s is valid under each of {'required': ['node_uuid']}, {'required': ['node_ident']}",
			rest.Quote(body))
	}
	return c.store.View(c.Context(), func(tx *store.Tx) error {
		n, err := c.findNode(tx, ident)
		if err == nil {
			body["node_uuid"] = n.UUID
		}
		return unknownNode(err)
	})
}

// dynamicPort says whether a port may become part of a dynamic port group: it may, unless
// the client says otherwise.
func dynamicPort() rest.Field[port] {
	f := rest.FlagField("available_for_dynamic_portgroup", 111, rest.Create|rest.Update,
		func(p *port) *bool { return &p.AvailableForDynamicPortgroup }).With(&rest.Schema{Types: []string{"boolean"}})
	f.Set = func(p *port, v any) { p.AvailableForDynamicPortgroup = v != false }
	f.Check = nil
	return f
}

func patchPort(c *call) ([]byte, error) {
	if err := ports.Patchable(c.Call); err != nil { // before the port is looked for
		return nil, err
	}
	p, err := c.fleet.UpdatePort(c.Context(), c.Args.Text("port_uuid"), c.rules(), ports.change(c, c.mayLink))
	if err != nil {
		return nil, err
	}
	return ports.Show(c.Call, p, nil)
}

func deletePort(c *call) ([]byte, error) {
	return nil, c.fleet.DeletePort(c.Context(), c.Args.Text("port_uuid"))
}

// The forms of local_link_connection: a switch's port, a smart card's, or the note
// that the link is not managed.

var linkProps = map[string]*rest.Schema{
	"port_id": {Types: []string{"string"}}, "switch_id": {Types: []string{"string"}}, "hostname": {Types: []string{"string"}},
	"switch_info": {Types: []string{"string"}}, "network_type": {Types: []string{"string"}, Enum: []any{"managed", "unmanaged"}},
	"vtep-logical-switch": {Types: []string{"string"}}, "vtep-physical-switch": {Types: []string{"string"}},
}

// localLink is shown empty where it is of a kind that the microversion does not know.
func localLink() rest.Field[port] {
	f := rest.ObjectField("local_link_connection", 19, rest.Create|rest.Update,
		func(p *port) *baremetal.Object { return &p.LocalLinkConnection }).
		With(&rest.Schema{Types: []string{"null", "object"}}).Checked(&aLocalLink)
	put := f.Put
	f.Put = func(b []byte, c *rest.Call, p *port) []byte {
		if isVTEP(p.LocalLinkConnection) && !knowsVTEP(c.Minor) {
			return append(b, "{}"...)
		}
		return put(b, c, p)
	}
	return f
}

// isVTEP reports whether a link is a port of OVN's gateway, which API 1.90 to 1.104 know.
func isVTEP(link map[string]any) bool {
	return link["vtep-logical-switch"] != nil || link["vtep-physical-switch"] != nil
}

func knowsVTEP(minor int) bool { return minor >= 90 && minor < 105 }

func (c *call) knowsVTEP() bool { return knowsVTEP(c.Minor) }

// mayLink refuses a patch that links a port in a way that the microversion does not know.
func (c *call) mayLink(ops []rest.Operation) error {
	for _, op := range ops {
		if op.Root() == "local_link_connection" && (isVTEP(rest.AsObject(op.Value)) || strings.Contains(op.Path, "/vtep-")) && !c.knowsVTEP() {
			return rest.NotAcceptable(0)
		}
	}
	return nil
}

func linkSchema(required ...string) *rest.Schema {
	return &rest.Schema{Types: []string{"object"}, Closed: true, Props: linkProps, Required: required}
}

var (
	localLinkSchema = &rest.Schema{AnyOf: []*rest.Schema{
		linkSchema("port_id", "switch_id"), linkSchema("port_id", "hostname"), linkSchema("network_type"),
		linkSchema("port_id", "vtep-logical-switch", "vtep-physical-switch"),
		{Types: []string{"object"}, Closed: true},
	}}
	aLocalLink = rest.Kind{Parse: parseLocalLink, Doc: "object"}
	datapathID = regexp.MustCompile(`^[0-9A-Fa-f]{16}$`)
)

func parseLocalLink(name string, v any) (any, error) {
	if err := localLinkSchema.Check(name, v); err != nil {
		return nil, err
	}
	link, _ := v.(map[string]any)
	if id, ok := link["switch_id"].(string); ok {
		if !rest.IsMAC(id) && !datapathID.MatchString(id) {
			return nil, rest.Invalid("Expected a MAC address or OpenFlow datapath ID but received %s.", id)
		}
		link["switch_id"] = strings.ToLower(id)
	}
	return link, nil
}
