package api

import (
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
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
