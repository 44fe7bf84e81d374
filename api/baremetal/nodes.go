package baremetalapi

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"ironhook/api/rest"
	"ironhook/fleet"
)

var nodeRoutes = []route{
	{Method: "GET", Path: "/nodes",
		Args:   rest.Join(nodeFilterArgs, args{rest.Optional("fields", rest.Words), rest.Optional("detail", rest.Boolean)}),
		Handle: listNodes, Doc: "List nodes"},
	{Method: "GET", Path: "/nodes/detail", Args: nodeFilterArgs, Handle: listNodesInDetail, Doc: "List nodes with all their fields"},
	{Method: "POST", Path: "/nodes", Args: args{rest.Mandatory("node", rest.Any)}, Body: "node", Status: http.StatusCreated,
		Handle: createNode, Doc: "Create a node"},
	{Method: "PATCH", Path: "/nodes", Args: nodePatchArgs, Body: "patch", Handle: patchNode},
	{Method: "DELETE", Path: "/nodes", Args: args{nodeArg}, Status: http.StatusNoContent, Handle: deleteNode},
	{Method: "GET", Path: "/nodes/{node_ident}", Args: args{nodeArg, rest.Optional("fields", rest.Words)},
		Handle: showNode, Doc: "Show a node"},
	{Method: "POST", Path: "/nodes/{node_ident}", Args: args{nodeArg}, Handle: postToItem("node", "node_ident")},
	{Method: "PATCH", Path: "/nodes/{node_ident}", Args: nodePatchArgs, Body: "patch",
		Handle: patchNode, Doc: "Change a node by a JSON patch"},
	{Method: "DELETE", Path: "/nodes/{node_ident}", Args: args{nodeArg}, Status: http.StatusNoContent,
		Handle: deleteNode, Doc: "Delete a node"},
	{Method: "GET", Path: "/nodes/{node_ident}/{fields}", Args: args{nodeArg, rest.Optional("fields", rest.Words)}, Handle: showNode},
}

var nodePatchArgs = args{nodeArg, rest.Optional("reset_interfaces", rest.Boolean), rest.Mandatory("patch", rest.JSONPatch)}

// postToItem answers a POST that names an item: Ironic takes the name for the body.
func postToItem(body, ident string) func(c *call) ([]byte, error) {
	return func(c *call) ([]byte, error) {
		return nil, rest.Invalid("Schema error for %s: %s is not of type 'object'", body, rest.Quote(c.Args.Text(ident)))
	}
}

func showNode(c *call) ([]byte, error) {
	n, err := c.node(c.nodes.AskedColumns(c.Call)...)
	if err != nil {
		return nil, err
	}
	return c.nodes.ShowAsked(c.Call, n)
}

func createNode(c *call) ([]byte, error) {
	n := &node{}
	if err := c.nodes.Fill(c.Call, c.Args["node"], n); err != nil {
		return nil, err
	}
	if err := c.fleet.CreateNode(c.Context(), c.rules(), n, rest.AsObject(c.Args["node"])); err != nil {
		return nil, err
	}
	c.Created("nodes/" + n.UUID)
	return c.nodes.Show(c.Call, n, nil)
}

func deleteNode(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.DeleteNode(c.Context(), n.UUID)
}

func patchNode(c *call) ([]byte, error) {
	if c.Args.Has("reset_interfaces") && c.Minor < 45 {
		return nil, rest.NotAcceptable(0)
	}
	ops, err := c.nodeOperations()
	if err != nil {
		return nil, err
	}
	n, err := c.node(fleet.Judged...)
	if err != nil {
		return nil, err
	}
	n, err = c.fleet.UpdateNode(c.Context(), n, c.rules(), fleet.NodePatch{
		Ident: c.Args.Text("node_ident"), Names: newNames(ops), Orphans: orphans(ops), ResetInterfaces: c.Args.Flag("reset_interfaces"),
		Unbinds: len(ops) == 1 && ops[0].Op == "remove" && ops[0].Path == "/instance_uuid",
		Apply:   func(n *node) ([]string, error) { return c.nodes.Apply(ops, n) },
	})
	if err != nil {
		return nil, err
	}
	n.Reservation = c.conductor.Host // Ironic's reply shows the lock that the change itself held
	return c.nodes.Show(c.Call, n, nil)
}

// nodeOperations checks a patch as far as possible without the node.
func (c *call) nodeOperations() ([]rest.Operation, error) {
	ops, err := c.nodes.Operations(c.Call)
	if err != nil {
		return nil, err
	}
	driver := false
	for _, op := range ops {
		if op.Op == "remove" {
			continue
		}
		driver = driver || op.Path == "/driver"
		if s, ok := op.Value.(string); ok && op.Path == "/description" && utf8.RuneCountInString(s) > 4096 {
			return nil, rest.Invalid("Cannot update node with description exceeding 4096 characters")
		}
	}
	if c.Args.Flag("reset_interfaces") && !driver {
		return nil, rest.Invalid("The reset_interfaces parameter can only be used when changing the node's driver.")
	}
	return ops, checkNetworkData(ops)
}

// orphans reports whether the operations set parent_node to null.
func orphans(ops []rest.Operation) bool {
	return slices.ContainsFunc(ops, func(op rest.Operation) bool { return op.Path == "/parent_node" && op.Op != "remove" && op.Value == nil })
}

// newNames are the names that the operations give the node; nil is null.
func newNames(ops []rest.Operation) (names []*string) {
	for _, op := range ops {
		if op.Path != "/name" || op.Op == "remove" {
			continue
		}
		var name *string
		if op.Value != nil {
			text, _ := op.Value.(string)
			name = &text
		}
		names = append(names, name)
	}
	return names
}

// networkData is the outline of Nova's network_data.json.
var networkData = &rest.Schema{AnyOf: []*rest.Schema{
	{Types: []string{"null"}},
	{Types: []string{"object"}, Closed: true},
	networkDataFull,
}}

var networkDataFull = &rest.Schema{Types: []string{"object"}, Required: []string{"links", "networks", "services"},
	Props: map[string]*rest.Schema{
		"links":    {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"id", "type"}}},
		"networks": {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"id", "link", "type"}}},
		"services": {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"address", "type"}}},
	}}

func checkNetworkData(ops []rest.Operation) error {
	for _, op := range ops {
		if op.Path != "/network_data" || op.Op == "remove" {
			continue
		}
		if breach := networkDataFull.Breach(op.Value); breach != "" {
			return rest.Refuse(http.StatusBadRequest, "Invalid network_data: %s ", breach)
		}
	}
	return nil
}
