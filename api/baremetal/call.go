package baremetalapi

import (
	"errors"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// call is one request on its way through a handler.
type call struct {
	*rest.Call
	*API
}

// nodeIn reads the node that the path names, by UUID or, from 1.5 on, by name.
func (c *call) nodeIn(tx *store.Tx, columns ...string) (*baremetal.Node, error) {
	return c.findNode(tx, c.Args.Text("node_ident"), columns...)
}

func (c *call) findNode(tx *store.Tx, ident string, columns ...string) (*baremetal.Node, error) {
	absent := baremetal.Errorf(baremetal.ErrNotFound, "Node %s could not be found.", ident)
	if !baremetal.IsUUID(ident) && c.Minor < 5 {
		return nil, absent
	}
	if !c.suffixed(ident) {
		return tx.Nodes().Get(ident, columns...)
	}
	n, err := tx.Nodes().Get(ident+".json", columns...) // the name itself comes first
	if errors.Is(err, baremetal.ErrNotFound) {
		if short, err := tx.Nodes().Find(ident, columns...); short != nil || err != nil {
			return short, err
		}
	}
	return n, err
}

// suffixed reports whether the path names ident with the suffix .json after it, which may
// belong to the name.
func (c *call) suffixed(ident string) bool {
	return c.Suffix && strings.HasSuffix(c.Request.URL.Path, ident+".json")
}

// node is nodeIn in a transaction of its own.
func (c *call) node(columns ...string) (n *baremetal.Node, err error) {
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
		n, err = c.nodeIn(tx, columns...)
		return err
	})
	return n, err
}
