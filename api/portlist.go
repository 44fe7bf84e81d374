package api

import (
	"cmp"
	"net/http"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

func listPorts(c *call) ([]byte, error) {
	var settled listing
	if err := ports.usual(c, &settled); err != nil {
		return nil, err
	}
	l, err := portPage(c)
	if err != nil {
		return nil, err
	}
	l.fields, l.which = settled.fields, settled.which
	if c.args.given("detail") {
		l.kept = append(l.kept, "detail="+repr(c.args["detail"]))
	}
	return ports.list(c, l)
}

func listPortsInDetail(c *call) ([]byte, error) {
	l, err := portPage(c)
	if err != nil {
		return nil, err
	}
	l.path = "ports/detail"
	return ports.list(c, l)
}

func portPage(c *call) (listing, error) {
	if c.args.given("portgroup") && c.minor < 24 {
		return listing{}, notAcceptable(0)
	}
	if c.args.given("shard") && c.minor < 82 {
		return listing{}, notAcceptable(82)
	}
	l, err := ports.paging(c)
	if err != nil {
		return l, err
	}
	node := cmp.Or(c.args.text("node_ident"), c.args.text("node_uuid"), c.args.text("node"))
	if c.minor < 5 && node != "" && !baremetal.IsUUID(node) {
		return l, notAcceptable(0)
	}
	ways := 0
	for _, given := range []bool{node != "", c.args.given("portgroup"), len(c.args.list("shard")) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return l, faultf(http.StatusForbidden, "Operation not permitted.")
	}
	l.where(c, "address", "address")
	return l, c.store.View(c.ctx, func(tx *store.Tx) error { return c.filterPorts(tx, &l, node) })
}

// filterPorts keeps the ports of a node, of a portgroup, or of the nodes of shards.
func (c *call) filterPorts(tx *store.Tx, l *listing, node string) error {
	keep := func(column, value string) {
		l.query.Filters = append(l.query.Filters, store.Where(column, value).Filters...)
	}
	switch group := c.args.text("portgroup"); {
	case node != "":
		n, err := c.findNode(tx, node)
		if err != nil {
			return err
		}
		keep("node_uuid", n.UUID)
		l.keep("node", node)
	case group != "":
		pg, err := tx.Portgroups().Get(group)
		if err != nil {
			return err
		}
		keep("portgroup_uuid", pg.UUID)
		l.keep("portgroup", group)
	case c.args.given("shard"):
		shards := c.args.list("shard")
		owners, err := tx.Nodes().List(store.Query{Columns: []string{"uuid"}, Filters: []store.Filter{{Column: "shard", Match: store.In, Value: shards}}})
		if err != nil {
			return err
		}
		uuids := make([]string, len(owners))
		for i, n := range owners {
			uuids[i] = n.UUID
		}
		l.query.Filters = append(l.query.Filters, store.Filter{Column: "node_uuid", Match: store.In, Value: uuids})
		l.keep("shard", strings.Join(shards, ","))
	}
	return nil
}
