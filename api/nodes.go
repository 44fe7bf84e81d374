package api

import "net/http"

var nodeRoutes = []route{
	{method: "GET", path: "/nodes", args: join(nodeFilterArgs, []argument{optional("fields", aList), optional("detail", aBoolean)}),
		handle: listNodes, doc: "List nodes"},
	{method: "GET", path: "/nodes/detail", args: nodeFilterArgs, handle: listNodesInDetail, doc: "List nodes with all their fields"},
	{method: "POST", path: "/nodes", args: []argument{mandatory("node", anyValue)}, body: "node", status: http.StatusCreated,
		handle: createNode, doc: "Create a node"},
	{method: "PATCH", path: "/nodes", args: nodePatchArgs, body: "patch", handle: patchNode},
	{method: "DELETE", path: "/nodes", args: []argument{nodeArg}, status: http.StatusNoContent, handle: deleteNode},
	{method: "GET", path: "/nodes/{node_ident}", args: []argument{nodeArg, optional("fields", aList)}, handle: showNode, doc: "Show a node"},
	{method: "POST", path: "/nodes/{node_ident}", args: []argument{nodeArg}, handle: postToItem("node", "node_ident")},
	{method: "PATCH", path: "/nodes/{node_ident}", args: nodePatchArgs, body: "patch", handle: patchNode, doc: "Change a node by a JSON patch"},
	{method: "DELETE", path: "/nodes/{node_ident}", args: []argument{nodeArg}, status: http.StatusNoContent, handle: deleteNode, doc: "Delete a node"},
	{method: "GET", path: "/nodes/{node_ident}/{fields}", args: []argument{nodeArg, optional("fields", aList)}, handle: showNode},
}

var nodePatchArgs = []argument{nodeArg, optional("reset_interfaces", aBoolean), mandatory("patch", aPatch)}

// postToItem answers a POST that names an item: Ironic takes the name for the body.
func postToItem(body, ident string) func(c *call) ([]byte, error) {
	return func(c *call) ([]byte, error) {
		return nil, invalid("Schema error for %s: %s is not of type 'object'", body, quote(c.args.text(ident)))
	}
}

func showNode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if c.args.given("fields") && c.minor < 8 {
		return nil, notAcceptable(0)
	}
	if err := nodes.acceptable(c, c.args.list("fields")); err != nil {
		return nil, err
	}
	return nodes.show(c, n, c.args.list("fields"))
}

func createNode(c *call) ([]byte, error) {
	n := &node{}
	if err := nodes.fill(c, c.args["node"], n); err != nil {
		return nil, err
	}
	if err := c.fleet.CreateNode(c.ctx, c.rules(), n, asObject(c.args["node"])); err != nil {
		return nil, err
	}
	c.created("nodes/" + n.UUID)
	return nodes.show(c, n, nil)
}

func deleteNode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.DeleteNode(c.ctx, n.UUID)
}
