package api

import (
	"context"
	"net/http"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// call is one request on its way through a handler.
type call struct {
	*API
	ctx      context.Context
	r        *http.Request
	minor    int    // microversion 1.minor
	base     string // scheme and host as the client sees them, for links
	suffix   bool   // the path ended in .json, which may belong to a name
	args     arguments
	location string // set by a handler that made or changed something
}

// created remembers where the new resource is, for the Location header.
func (c *call) created(path string) { c.location = c.base + "/v1/" + path }

// nodeIn reads the node that the path names, by UUID or, from 1.5 on, by name.
func (c *call) nodeIn(tx *store.Tx) (*baremetal.Node, error) {
	return c.findNode(tx, c.args.text("node_ident"))
}

func (c *call) findNode(tx *store.Tx, ident string) (*baremetal.Node, error) {
	absent := baremetal.Errorf(baremetal.ErrNotFound, "Node %s could not be found.", ident)
	if !baremetal.IsUUID(ident) && c.minor < 5 {
		return nil, absent
	}
	n, err := tx.Nodes().Get(ident)
	if c.suffix && isKind(err, baremetal.ErrNotFound) && strings.HasSuffix(c.r.URL.Path, ident+".json") {
		return tx.Nodes().Get(ident + ".json")
	}
	return n, err
}

// node is nodeIn in a transaction of its own.
func (c *call) node() (n *baremetal.Node, err error) {
	err = c.store.View(c.ctx, func(tx *store.Tx) error {
		n, err = c.nodeIn(tx)
		return err
	})
	return n, err
}
