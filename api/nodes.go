package api

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"

	"github.com/google/uuid"
)

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
	n := &node{ProvisionState: baremetal.Enroll}
	if c.minor < 11 {
		n.ProvisionState = baremetal.Available
	}
	if err := nodes.fill(c, c.args["node"], n); err != nil {
		return nil, err
	}
	n.UUID = cmp.Or(n.UUID, uuid.NewString())
	body, _ := c.args["node"].(map[string]any)
	if name, ok := body["name"].(string); ok {
		if err := c.checkNodeName(name, "Cannot create node with invalid name '%s'"); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"maintenance", "console_enabled"} {
		if v, given := body[name]; given && v == nil {
			return nil, invalid("Field `%s' cannot be None", name)
		}
	}
	if n.Owner != "" {
		// Who is nobody's project can own nothing; Ironic says it so without Keystone.
		return nil, invalid("Cannot create a node as a project scoped admin with an owner other than your own project.")
	}
	err := c.store.Update(c.ctx, func(tx *store.Tx) error {
		if err := checkChassis(tx, n.ChassisUUID); err != nil {
			return err
		}
		if err := c.conductor.Equip(n); err != nil {
			return err
		}
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: "created " + n.Label()})
	})
	if err != nil {
		return nil, err
	}
	c.created("nodes/" + n.UUID)
	return nodes.show(c, n, nil)
}

// checkChassis refuses a chassis that does not exist; in a body it is the body's
// fault.
func checkChassis(tx *store.Tx, uuid string) error {
	if uuid == "" {
		return nil
	}
	_, err := tx.Chassis().Get(uuid)
	return as(err, baremetal.ErrNotFound, http.StatusBadRequest)
}

// reserved are the words that the routes under /v1/nodes/ need for themselves.
var reserved = []string{"maintenance", "management", "states", "vendor_passthru", "detail", "validate"}

// oldName is what names had to look like before 1.10.
var oldName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9_-]{0,62}[a-z0-9])*\.?$`)

// checkNodeName holds a new name against the rules of the request's microversion;
// refusal is the message for one that breaks them.
func (c *call) checkNodeName(name, refusal string) error {
	switch {
	case c.minor < 5:
		return notAcceptable(0)
	case !isName(name) || c.minor < 10 && !oldName.MatchString(name) || isUUID(name):
		return invalid(refusal, name)
	case slices.Contains(reserved, name):
		return invalid(`The word "%s" is reserved and can not be used as a node name. Reserved words are: %s.`, name, strings.Join(reserved, ", "))
	}
	return nil
}

// deletable are the states a node may be deleted in, as Ironic prints them.
var deletable = []baremetal.ProvisionState{baremetal.Manageable, baremetal.Enroll, baremetal.AdoptFailed, baremetal.Available}

func deleteNode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.Edit(c.ctx, n.UUID, func(tx *store.Tx, n *node) error {
		if err := mayDelete(n); err != nil {
			return err
		}
		if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: "deleted " + n.Label()}); err != nil {
			return err
		}
		if err := c.conductor.Forget(tx, n); err != nil {
			return err
		}
		return tx.Nodes().Delete(n.UUID)
	})
}

func mayDelete(n *node) error {
	switch {
	case n.InstanceUUID != "" && !n.Maintenance:
		return conflict("Node %s is associated with instance %s.", n.UUID, n.InstanceUUID)
	case n.Protected:
		return faultf(http.StatusForbidden, "Node %s is protected and cannot be undeployed, rebuilt or deleted", n.UUID)
	case !n.Maintenance && !slices.Contains(deletable, n.ProvisionState):
		return conflict("Can not delete node \"%s\" while it is in provision state \"%s\". Valid provision states to perform deletion are: "+
			"\"('manageable', 'enroll', 'adopt failed', 'available')\", or set the node into maintenance mode", n.UUID, n.ProvisionState)
	}
	return nil
}
