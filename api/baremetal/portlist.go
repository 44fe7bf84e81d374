package baremetalapi

import (
	"cmp"
	"net/http"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

func listPorts(c *call) ([]byte, error) {
	if err := ports.MayAsk(c.Call); err != nil {
		return nil, err
	}
	l, err := portPage(c)
	if err != nil {
		return nil, err
	}
	if err := l.Asked(c.Call); err != nil {
		return nil, err
	}
	return ports.list(c, l)
}

func listPortsInDetail(c *call) ([]byte, error) {
	l, err := portPage(c)
	if err != nil {
		return nil, err
	}
	l.Path = "ports/detail"
	return ports.list(c, l)
}

func portPage(c *call) (listing, error) {
	if c.Args.Given("portgroup") && c.Minor < 24 {
		return listing{}, rest.NotAcceptable(0)
	}
	if err := c.Knows(portFilterArgs); err != nil {
		return listing{}, err
	}
	l, err := ports.paging(c)
	if err != nil {
		return l, err
	}
	node := cmp.Or(c.Args.Text("node_ident"), c.Args.Text("node_uuid"), c.Args.Text("node"))
	if c.Minor < 5 && node != "" && !baremetal.IsUUID(node) {
		return l, rest.NotAcceptable(0)
	}
	ways := 0
	for _, given := range []bool{node != "", c.Args.Given("portgroup"), len(c.Args.List("shard")) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return l, rest.Refuse(http.StatusForbidden, "Operation not permitted.")
	}
	l.where(c, "address", "address")
	if text := c.Args.Text("description_contains"); text != "" {
		l.filters = append(l.filters, store.Filter{Column: "description", Match: store.Contains, Value: text})
		l.Keep("description_contains", text)
	}
	return l, c.store.View(c.Context(), func(tx *store.Tx) error { return c.filterPorts(tx, &l, node) })
}

// filterPorts keeps the ports of a node, of a portgroup, or of the nodes of shards.
func (c *call) filterPorts(tx *store.Tx, l *listing, node string) error {
	switch group := c.Args.Text("portgroup"); {
	case node != "":
		n, err := c.findNode(tx, node)
		if err != nil {
			return err
		}
		l.match("node_uuid", n.UUID)
		l.Keep("node", node)
	case group != "":
		pg, err := tx.Portgroups().Get(group)
		if err != nil {
			return err
		}
		l.match("portgroup_uuid", pg.UUID)
		l.Keep("portgroup", group)
	}
	return c.filterByNodes(tx, l)
}

// nodeLists are the arguments that keep the ports and portgroups of some nodes, with the
// column of nodes that they look at.
var nodeLists = []struct{ name, column string }{{"shard", "shard"}, {"conductor_groups", "conductor_group"}}

// filterByNodes keeps the rows of the nodes that the request lists by something they share.
func (c *call) filterByNodes(tx *store.Tx, l *listing) error {
	for _, by := range nodeLists {
		asked := c.Args.List(by.name)
		if len(asked) == 0 {
			continue
		}
		owners, err := tx.Nodes().List(store.Query{Columns: []string{"uuid"},
			Filters: []store.Filter{{Column: by.column, Match: store.In, Value: asked}}})
		if err != nil {
			return err
		}
		uuids := make([]string, len(owners))
		for i, n := range owners {
			uuids[i] = n.UUID
		}
		l.filters = append(l.filters, store.Filter{Column: "node_uuid", Match: store.In, Value: uuids})
		l.Keep(by.name, strings.Join(asked, ","))
	}
	return nil
}
