package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"

	"github.com/google/uuid"
)

// volumeKind is what connectors and targets do alike.
type volumeKind[T any] struct {
	*resource[T]
	noun    string // in messages
	filters []argument
	id      func(*T) *string
	node    func(*T) *string
}

var (
	connectorKind = volumeKind[connector]{connectors, "volume connector",
		[]argument{optional("type", aString), optional("connector_id", aString)},
		func(v *connector) *string { return &v.UUID }, func(v *connector) *string { return &v.NodeUUID }}
	targetKind = volumeKind[target]{targets, "volume target",
		[]argument{optional("volume_type", aString), optional("volume_id", aString), optional("boot_index", anInt)},
		func(v *target) *string { return &v.UUID }, func(v *target) *string { return &v.NodeUUID }}
)

func volumeRoutes() []route {
	return slices.Concat([]route{
		{method: "GET", path: "/volume", since: 32, handle: volumeIndex, doc: "Point to the volume resources"},
		{method: "GET", path: "/nodes/{node_ident}/volume", since: 32, args: []argument{nodeArg}, handle: volumeIndex, doc: "Point to a node's volume resources"},
	}, connectorKind.routes(), targetKind.routes())
}

func volumeIndex(c *call) ([]byte, error) {
	at := "volume/"
	if ident := c.args.text("node_ident"); ident != "" {
		at = "nodes/" + ident + "/volume/"
	}
	b := appendLinks(appendKey([]byte{'{'}, "links"), c.base, at)
	b = appendLinks(appendKey(b, "connectors"), c.base, at, "connectors")
	b = appendLinks(appendKey(b, "targets"), c.base, at, "targets")
	return append(b, '}'), nil
}

// routes are the same paths for both kinds, and once more below a node, where
// they only list.
func (k volumeKind[T]) routes() []route {
	path, below := "/"+k.path, "/nodes/{node_ident}/"+k.path
	item := "/{" + k.ident + "}"
	idArg := mandatory(k.ident, aUUID)
	listArgs := join([]argument{optional("node", anIdent)}, pageArgs,
		[]argument{optional("fields", aList), optional("detail", aBoolean), optional("project", aString)}, k.filters)
	detailArgs := join([]argument{optional("node", anIdent)}, pageArgs, k.filters)
	patchArgs := []argument{idArg, mandatory("patch", aPatch)}
	all := []route{
		{method: "GET", path: path, args: listArgs, handle: k.listHandler, doc: "List " + k.noun + "s"},
		{method: "GET", path: path + "/detail", args: detailArgs, handle: k.listDetail, doc: "List " + k.noun + "s with all their fields"},
		{method: "POST", path: path, args: []argument{mandatory(k.body, anyValue)}, body: k.body, status: http.StatusCreated, handle: k.create, doc: "Create a " + k.noun},
		{method: "PATCH", path: path, args: patchArgs, body: "patch", handle: k.patch},
		{method: "DELETE", path: path, args: []argument{idArg}, status: http.StatusNoContent, handle: k.remove},
		{method: "GET", path: path + item, args: []argument{idArg, optional("fields", aList)}, handle: k.showHandler, doc: "Show a " + k.noun},
		{method: "POST", path: path + item, args: []argument{mandatory(k.ident, aString)}, handle: postToItem(k.body, k.ident)},
		{method: "PATCH", path: path + item, args: patchArgs, body: "patch", handle: k.patch, doc: "Change a " + k.noun + " by a JSON patch"},
		{method: "DELETE", path: path + item, args: []argument{idArg}, status: http.StatusNoContent, handle: k.remove, doc: "Delete a " + k.noun},
		{method: "GET", path: path + item + "/{fields}", args: []argument{idArg, optional("fields", aList)}, handle: k.showHandler},

		{method: "GET", path: below, args: join([]argument{nodeArg}, listArgs), handle: k.listHandler, doc: "List the " + k.noun + "s of a node"},
		{method: "GET", path: below + "/detail", args: join([]argument{nodeArg}, detailArgs), handle: k.listDetail, doc: "List the " + k.noun + "s of a node with all their fields"},
		{method: "POST", path: below, args: []argument{nodeArg, mandatory(k.body, anyValue)}, body: k.body, handle: notHere},
		{method: "PATCH", path: below, args: join([]argument{nodeArg}, patchArgs), body: "patch", handle: notHere},
		{method: "DELETE", path: below, args: []argument{nodeArg, idArg}, handle: notHere},
		{method: "GET", path: below + item, args: []argument{nodeArg, idArg, optional("fields", aList)}, handle: k.elsewhere},
		{method: "PATCH", path: below + item, args: join([]argument{nodeArg}, patchArgs), body: "patch", handle: k.elsewhere},
		{method: "DELETE", path: below + item, args: []argument{nodeArg, idArg}, handle: k.elsewhere},
	}
	for i := range all {
		all[i].since, all[i].gate = 32, lookup404
	}
	return all
}

// notHere is said where a resource can only be had by its own path.
func notHere(*call) ([]byte, error) {
	return nil, faultf(http.StatusForbidden, "Operation not permitted.")
}

// elsewhere is notHere for what exists.
func (k volumeKind[T]) elsewhere(c *call) ([]byte, error) {
	if _, err := k.get(c, c.args.text(k.ident)); err != nil {
		return nil, err
	}
	return notHere(c)
}

func (k volumeKind[T]) listHandler(c *call) ([]byte, error) {
	l, err := k.paging(c)
	if err != nil {
		return nil, err
	}
	if c.args.flag("detail") {
		l.kept = append(l.kept, "detail=True")
	}
	if err := l.detail(c, "Can't fetch a subset of fields with 'detail' set"); err != nil {
		return nil, err
	}
	if err := k.filter(c, &l); err != nil {
		return nil, err
	}
	return k.list(c, l)
}

// listDetail is the route that the specification promised and Ironic never built.
func (k volumeKind[T]) listDetail(c *call) ([]byte, error) {
	l, err := k.paging(c)
	if err != nil {
		return nil, err
	}
	l.path = k.path + "/detail"
	if err := k.filter(c, &l); err != nil {
		return nil, err
	}
	return k.list(c, l)
}

// filter adds the node of the path or the query, and the specification's filters.
func (k volumeKind[T]) filter(c *call, l *listing) error {
	for _, a := range k.filters {
		l.where(c, a.name, a.name)
	}
	ident := cmp.Or(c.args.text("node_ident"), c.args.text("node"))
	if ident == "" {
		return nil
	}
	return c.store.View(c.ctx, func(tx *store.Tx) error {
		n, err := c.findNode(tx, ident)
		if err != nil {
			return err
		}
		l.query.Filters = append(l.query.Filters, store.Where("node_uuid", n.UUID).Filters...)
		l.keep("node", ident)
		return nil
	})
}

func (k volumeKind[T]) showHandler(c *call) ([]byte, error) {
	row, err := k.get(c, c.args.text(k.ident))
	if err != nil {
		return nil, err
	}
	return k.show(c, row, c.args.list("fields"))
}

func (k volumeKind[T]) create(c *call) ([]byte, error) {
	row := new(T)
	if err := k.fill(c, c.args[k.body], row); err != nil {
		return nil, err
	}
	*k.id(row) = cmp.Or(*k.id(row), uuid.NewString())
	err := c.store.Update(c.ctx, func(tx *store.Tx) error {
		if _, err := nodeOf(tx, *k.node(row)); isFault(err, http.StatusBadRequest) {
			return invalid("Invalid input for field/attribute node_uuid. Value: '%s'. ", *k.node(row))
		} else if err != nil {
			return err
		}
		if err := k.mayChange(c, tx, nil, row); err != nil {
			return err
		}
		if err := k.rows(tx).Insert(row); err != nil {
			return err
		}
		return k.tell(tx, row, "created")
	})
	if err != nil {
		return nil, err
	}
	c.created(k.path + "/" + *k.id(row))
	return k.show(c, row, nil)
}

func (k volumeKind[T]) tell(tx *store.Tx, row *T, what string) error {
	return tx.Append(baremetal.Event{Node: *k.node(row), Kind: baremetal.EventNode, Detail: k.noun + " " + *k.id(row) + " " + what})
}

func (k volumeKind[T]) patch(c *call) ([]byte, error) {
	id := c.args.text(k.ident)
	row, err := k.get(c, id)
	if err != nil {
		return nil, err
	}
	ops, err := k.operations(c)
	if err != nil {
		return nil, err
	}
	for _, op := range ops {
		if op.path != "/node_uuid" {
			continue
		}
		if s, ok := op.value.(string); op.op != "remove" && (!ok || !isUUID(s)) {
			return nil, invalid("Expected a UUID for node_uuid, but received %s.", quoteAs("node_uuid", op.value))
		}
	}
	if _, err := k.apply(ops, row); err != nil {
		return nil, err
	}
	// The lock and the rules are those of the node it will belong to.
	err = c.conductor.Edit(c.ctx, *k.node(row), func(tx *store.Tx, n *node) error {
		if err := mustBeOff(n, k.noun+" update"); err != nil {
			return err
		}
		if row, err = k.rows(tx).Get(id); err != nil {
			return err
		}
		before := *row
		changed, err := k.apply(ops, row)
		if err != nil || len(changed) == 0 {
			return err
		}
		if err := k.mayChange(c, tx, &before, row); err != nil {
			return err
		}
		if err := k.rows(tx).Update(row); err != nil {
			return err
		}
		return k.tell(tx, row, "changed: "+strings.Join(changed, ", "))
	})
	if err != nil {
		return nil, as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	return k.show(c, row, nil)
}

// mayChange asks whether a node would lose a volume by the change of a target; nil
// stands for what is not there before or after.
func (k volumeKind[T]) mayChange(c *call, tx *store.Tx, before, after *T) error {
	was, isTarget := any(before).(*target)
	if !isTarget {
		return nil
	}
	return c.conductor.MayChangeTarget(tx, was, any(after).(*target))
}

// mustBeOff guards what a running machine may be reading from.
func mustBeOff(n *node, action string) error {
	if n.PowerState == baremetal.PowerOff {
		return nil
	}
	return invalid(`The requested action "%s" can not be performed on node "%s" while it is in state "%s".`,
		action, n.UUID, cmp.Or(string(n.PowerState), "None"))
}

// unused are the states in which no machine can be running from its volumes, so
// that they may be deleted whatever the power state (Ironic since 37.0).
var unused = []baremetal.ProvisionState{baremetal.Manageable, baremetal.Enroll, baremetal.AdoptFailed}

func (k volumeKind[T]) remove(c *call) ([]byte, error) {
	id := c.args.text(k.ident)
	row, err := k.get(c, id)
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.Edit(c.ctx, *k.node(row), func(tx *store.Tx, n *node) error {
		if !slices.Contains(unused, n.ProvisionState) {
			if err := mustBeOff(n, k.noun+" deletion"); err != nil {
				return err
			}
		}
		if err := k.mayChange(c, tx, row, nil); err != nil {
			return err
		}
		if err := k.rows(tx).Delete(id); err != nil {
			return err
		}
		return k.tell(tx, row, "deleted")
	})
}
