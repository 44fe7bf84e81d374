package baremetalapi

import (
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// nodeFilterArgs are the arguments of a list of nodes. Those that a microversion brought
// stand in Ironic's order of checking.
var nodeFilterArgs = args{
	rest.Optional("chassis_uuid", rest.UUID), rest.Optional("instance_uuid", rest.UUID), rest.Optional("associated", rest.Boolean),
	rest.Optional("maintenance", rest.Boolean), rest.Optional("retired", rest.Boolean), rest.Optional("provision_state", rest.String),
	rest.Optional("marker", rest.UUID), rest.Optional("limit", rest.Integer),
	rest.Optional("sort_key", rest.String), rest.Optional("sort_dir", rest.String),
	rest.Optional("driver", rest.String).From(16),
	rest.Optional("resource_class", rest.String).From(21),
	rest.Optional("fault", rest.String).From(42),
	rest.Optional("conductor_group", rest.String).From(46),
	rest.Optional("conductor", rest.String).From(49),
	rest.Optional("owner", rest.String).From(50),
	rest.Optional("description_contains", rest.String),
	rest.Optional("lessee", rest.String).From(65),
	rest.Optional("project", rest.String),
	rest.Optional("shard", rest.Words).From(82),
	rest.Optional("sharded", rest.Boolean).From(82),
	rest.Optional("include_children", rest.Boolean).From(83),
	rest.Optional("parent_node", rest.String).From(83),
	rest.Optional("instance_name", rest.String),
}

// childArgs are those of them that a list in detail takes at every microversion.
var childArgs = []string{"include_children", "parent_node"}

func listNodes(c *call) ([]byte, error) {
	if err := c.nodes.KnowsFields(c.Call); err != nil {
		return nil, err
	}
	if err := rest.KnowsDetail(c.Call); err != nil {
		return nil, err
	}
	l, err := nodePage(c, nodeFilterArgs)
	if err != nil {
		return nil, err
	}
	return c.nodes.list(c, l)
}

func listNodesInDetail(c *call) ([]byte, error) {
	c.Args["detail"] = true
	known := slices.DeleteFunc(slices.Clone(nodeFilterArgs), func(a rest.Argument) bool { return slices.Contains(childArgs, a.Name) })
	l, err := nodePage(c, known)
	if err != nil {
		return nil, err
	}
	l.Path = "nodes/detail"
	l.Kept = slices.DeleteFunc(l.Kept, func(s string) bool { return s == "detail=True" })
	return c.nodes.list(c, l)
}

// nodePage turns the arguments of a list of nodes into a query. known are those whose
// microversion counts.
func nodePage(c *call, known args) (listing, error) {
	if err := checkNodeFilters(c, known); err != nil {
		return listing{}, err
	}
	l, err := c.nodes.paging(c)
	if err != nil {
		return l, err
	}
	for _, name := range []string{"associated", "maintenance", "retired"} {
		if c.Args.Flag(name) {
			l.Kept = append(l.Kept, name+"=True")
		}
	}
	if err := l.Asked(c.Call); err != nil {
		return l, err
	}
	filterNodes(c, &l)
	return l, checkChassisFilter(c)
}

func checkNodeFilters(c *call, known args) error {
	if key := c.Args.Text("sort_key"); key != "" {
		if err := c.nodes.Acceptable(c.Call, []string{key}); err != nil {
			return err
		}
	}
	if c.Args.Has("provision_state") {
		if c.Minor < 9 {
			return rest.NotAcceptable(0)
		}
		if s := c.Args.Text("provision_state"); !baremetal.ProvisionState(s).Known() {
			return rest.Invalid(`Provision state "%s" is not valid`, s)
		}
	}
	if err := c.Knows(known); err != nil {
		return err
	}
	if c.Args.Has("instance_name") && c.Minor < 104 {
		return rest.Refuse(http.StatusNotAcceptable, "instance_name is not acceptable in this API version")
	}
	if fault := c.Args.Text("fault"); c.Args.Has("fault") && !slices.Contains(faults, fault) {
		return rest.Invalid("Unrecognized fault \"%s\" is specified, allowed faults are ('%s')", fault, strings.Join(faults, "', '"))
	}
	return nil
}

var faults = []string{"power failure", "clean failure", "rescue abort failure", "service failure"}

// filterNodes adds the filters. Those that Ironic forgets in the link to the next
// page are kept here.
func filterNodes(c *call, l *listing) {
	add := func(column string, match store.Match, value any) {
		l.filters = append(l.filters, store.Filter{Column: column, Match: match, Value: value})
	}
	for _, name := range []string{"chassis_uuid", "instance_uuid", "provision_state", "driver", "resource_class", "fault", "owner", "lessee",
		"instance_name"} {
		l.where(c, name, name)
	}
	if group, ok := c.Args["conductor_group"].(string); ok {
		add("conductor_group", store.Equal, strings.ToLower(group))
		l.Keep("conductor_group", group)
	}
	if text := c.Args.Text("description_contains"); text != "" {
		add("description", store.Contains, text)
		l.Keep("description_contains", text)
	}
	if c.Args.Given("shard") {
		add("shard", store.In, c.Args.List("shard"))
		l.Keep("shard", strings.Join(c.Args.List("shard"), ","))
	}
	for name, column := range map[string]string{"associated": "instance_uuid", "sharded": "shard"} {
		if c.Args.Given(name) {
			add(column, map[bool]store.Match{true: store.NotNull, false: store.Null}[c.Args.Flag(name)], nil)
			if name == "sharded" || !c.Args.Flag(name) {
				l.Keep(name, rest.Repr(c.Args[name]))
			}
		}
	}
	for _, name := range []string{"maintenance", "retired"} {
		if c.Args.Given(name) {
			add(name, store.Equal, c.Args.Flag(name))
			if !c.Args.Flag(name) {
				l.Keep(name, "False")
			}
		}
	}
	if project := c.Args.Text("project"); project != "" {
		l.filters = append(l.filters, store.Filter{Any: []store.Filter{{Column: "owner", Value: project}, {Column: "lessee", Value: project}}})
		l.Keep("project", project)
	}
	if host := c.Args.Text("conductor"); host != "" {
		filterByConductor(c, l, host)
	}
	l.Last = c.Args.Given("instance_uuid")
	filterByParent(c, l)
}

// filterByParent keeps the children of a node, or without one the nodes that have no parent,
// unless the client wants both.
func filterByParent(c *call, l *listing) {
	switch {
	case c.Args.Flag("include_children"):
		l.Keep("include_children", "True")
	case c.Args.Given("parent_node"):
		l.match("parent_node", c.Args.Text("parent_node"))
		l.Keep("parent_node", c.Args.Text("parent_node"))
	default:
		l.filters = append(l.filters, store.Filter{Column: "parent_node", Match: store.Null})
	}
}

func listChildren(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	var children []*node
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
		children, err = tx.Nodes().List(store.Query{Filters: store.Where("parent_node", n.UUID).Filters, Columns: []string{"uuid"}})
		return err
	})
	uuids := make([]string, len(children))
	for i := range children {
		uuids[i] = children[i].UUID
	}
	b := rest.AppendStrings(rest.AppendKey([]byte{'{'}, "children"), uuids)
	b = rest.AppendString(append(rest.AppendKey(b, "links"), `{"href":`...), c.Base+"/v1/nodes?parent_node="+n.UUID)
	return append(b, `,"rel":"children"}}`...), err
}

// filterByConductor keeps the nodes that the named conductor serves: the only one
// serves every node whose driver is enabled.
func filterByConductor(c *call, l *listing, host string) {
	var drivers []string
	if host == c.conductor.Host {
		for _, h := range c.conductor.HardwareTypes {
			drivers = append(drivers, h.Name)
		}
	}
	l.filters = append(l.filters, store.Filter{Column: "driver", Match: store.In, Value: drivers},
		store.Filter{Column: "conductor_group", Value: ""})
	l.Keep("conductor", host)
}

func checkChassisFilter(c *call) error {
	uuid := c.Args.Text("chassis_uuid")
	if uuid == "" {
		return nil
	}
	return c.store.View(c.Context(), func(tx *store.Tx) error {
		_, err := tx.Chassis().Get(uuid)
		return err
	})
}
