package baremetalapi

import (
	"net/http"

	"ironhook/api/rest"
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
	n, err := c.node()
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
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.DeleteNode(c.Context(), n.UUID)
}
