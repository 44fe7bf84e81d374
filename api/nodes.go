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

var nodeFilterArgs = []argument{
	optional("chassis_uuid", aUUID), optional("instance_uuid", aUUID), optional("associated", aBoolean),
	optional("maintenance", aBoolean), optional("retired", aBoolean), optional("provision_state", aString),
	optional("marker", aUUID), optional("limit", anInt), optional("sort_key", aString), optional("sort_dir", aString),
	optional("driver", aString), optional("resource_class", aString), optional("fault", aString),
	optional("conductor_group", aString), optional("conductor", aString), optional("owner", aString),
	optional("description_contains", aString), optional("lessee", aString), optional("project", aString),
	optional("shard", aList), optional("sharded", aBoolean),
}

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

// since lists the filters that a microversion brought, in Ironic's order of
// checking.
var nodeFilterSince = []struct {
	name  string
	since int
}{
	{"driver", 16}, {"resource_class", 21}, {"fault", 42}, {"conductor_group", 46}, {"conductor", 49},
	{"owner", 50}, {"lessee", 65}, {"shard", 82}, {"sharded", 82},
}

func listNodes(c *call) ([]byte, error) {
	if c.args.given("fields") && c.minor < 8 {
		return nil, notAcceptable(0)
	}
	if err := nodes.acceptable(c, c.args.list("fields")); err != nil {
		return nil, err
	}
	l, err := nodePage(c)
	if err != nil {
		return nil, err
	}
	return nodes.list(c, l)
}

func listNodesInDetail(c *call) ([]byte, error) {
	c.args["detail"] = true
	l, err := nodePage(c)
	if err != nil {
		return nil, err
	}
	l.path = "nodes/detail"
	l.kept = slices.DeleteFunc(l.kept, func(s string) bool { return s == "detail=True" })
	return nodes.list(c, l)
}

// nodePage turns the arguments of a list of nodes into a query.
func nodePage(c *call) (listing, error) {
	if err := checkNodeFilters(c); err != nil {
		return listing{}, err
	}
	if c.args.has("detail") && c.minor < 43 && c.r.URL.Path != "/v1/nodes/detail" {
		return listing{}, invalid("Invalid query parameter ?detail=%s received.", repr(c.args["detail"]))
	}
	l, err := nodes.paging(c)
	if err != nil {
		return l, err
	}
	for _, name := range []string{"associated", "maintenance", "retired"} {
		if c.args.flag(name) {
			l.kept = append(l.kept, name+"=True")
		}
	}
	if c.args.given("detail") {
		l.kept = append(l.kept, "detail="+repr(c.args["detail"]))
	}
	if err := l.detail(c, "Can not specify ?detail=True and fields in the same request."); err != nil {
		return l, err
	}
	filterNodes(c, &l)
	return l, checkChassisFilter(c)
}

func checkNodeFilters(c *call) error {
	if key := c.args.text("sort_key"); key != "" {
		if err := nodes.acceptable(c, []string{key}); err != nil {
			return err
		}
	}
	if c.args.has("provision_state") {
		if c.minor < 9 {
			return notAcceptable(0)
		}
		if s := c.args.text("provision_state"); !baremetal.ProvisionState(s).Known() {
			return invalid(`Provision state "%s" is not valid`, s)
		}
	}
	for _, f := range nodeFilterSince {
		if c.args.has(f.name) && c.minor < f.since {
			return notAcceptable(f.since)
		}
		if f.name == "fault" && c.args.has("fault") && !slices.Contains(faults, c.args.text("fault")) {
			return invalid("Unrecognized fault \"%s\" is specified, allowed faults are ('%s')", c.args.text("fault"), strings.Join(faults, "', '"))
		}
	}
	return nil
}

var faults = []string{"power failure", "clean failure", "rescue abort failure"}

// filterNodes adds the filters. Those that Ironic forgets in the link to the next
// page are kept here.
func filterNodes(c *call, l *listing) {
	add := func(column string, match store.Match, value any) {
		l.query.Filters = append(l.query.Filters, store.Filter{Column: column, Match: match, Value: value})
	}
	for _, name := range []string{"chassis_uuid", "instance_uuid", "provision_state", "driver", "resource_class", "fault", "owner", "lessee"} {
		l.where(c, name, name)
	}
	if group, ok := c.args["conductor_group"].(string); ok {
		add("conductor_group", store.Equal, strings.ToLower(group))
		l.keep("conductor_group", group)
	}
	if text := c.args.text("description_contains"); text != "" {
		add("description", store.Contains, text)
		l.keep("description_contains", text)
	}
	if c.args.given("shard") {
		add("shard", store.In, c.args.list("shard"))
		l.keep("shard", strings.Join(c.args.list("shard"), ","))
	}
	for name, column := range map[string]string{"associated": "instance_uuid", "sharded": "shard"} {
		if c.args.given(name) {
			add(column, map[bool]store.Match{true: store.NotNull, false: store.Null}[c.args.flag(name)], nil)
			if name == "sharded" || !c.args.flag(name) {
				l.keep(name, repr(c.args[name]))
			}
		}
	}
	for _, name := range []string{"maintenance", "retired"} {
		if c.args.given(name) {
			add(name, store.Equal, c.args.flag(name))
			if !c.args.flag(name) {
				l.keep(name, "False")
			}
		}
	}
	if project := c.args.text("project"); project != "" {
		l.query.Filters = append(l.query.Filters, store.Filter{Any: []store.Filter{{Column: "owner", Value: project}, {Column: "lessee", Value: project}}})
		l.keep("project", project)
	}
	if host := c.args.text("conductor"); host != "" {
		filterByConductor(c, l, host)
	}
	l.last = c.args.given("instance_uuid")
}

// filterByConductor keeps the nodes that the named conductor serves: there is one,
// and it serves every node whose driver is enabled.
func filterByConductor(c *call, l *listing, host string) {
	var drivers []string
	if host == c.conductor.Host {
		for _, h := range c.conductor.HardwareTypes {
			drivers = append(drivers, h.Name)
		}
	}
	l.query.Filters = append(l.query.Filters, store.Filter{Column: "driver", Match: store.In, Value: drivers},
		store.Filter{Column: "conductor_group", Value: ""})
	l.keep("conductor", host)
}

func checkChassisFilter(c *call) error {
	uuid := c.args.text("chassis_uuid")
	if uuid == "" {
		return nil
	}
	return c.store.View(c.ctx, func(tx *store.Tx) error {
		_, err := tx.Chassis().Get(uuid)
		return err
	})
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
