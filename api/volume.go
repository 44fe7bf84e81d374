package api

import (
	"cmp"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// volumeKind is what connectors and targets do alike.
type volumeKind[T any] struct {
	*resource[T]
	noun    string // in messages
	filters []argument
	records func(*fleet.Fleet) fleet.VolumeRecords[T]
}

var (
	connectorKind = volumeKind[connector]{connectors, "volume connector",
		[]argument{optional("type", aString), optional("connector_id", aString)}, (*fleet.Fleet).Connectors}
	targetKind = volumeKind[target]{targets, "volume target",
		[]argument{optional("volume_type", aString), optional("volume_id", aString), optional("boot_index", anInt)}, (*fleet.Fleet).Targets}
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
	if err := k.records(c.fleet).Create(c.ctx, row); err != nil {
		return nil, err
	}
	c.created(k.path + "/" + k.uuid(row))
	return k.show(c, row, nil)
}

func (k volumeKind[T]) patch(c *call) ([]byte, error) {
	row, err := k.records(c.fleet).Update(c.ctx, c.args.text(k.ident), k.change(c, checkNodeUUID))
	if err != nil {
		return nil, err
	}
	return k.show(c, row, nil)
}

// checkNodeUUID refuses to move a volume resource to what cannot be a node.
func checkNodeUUID(ops []operation) error {
	for _, op := range ops {
		if op.path != "/node_uuid" {
			continue
		}
		if s, ok := op.value.(string); op.op != "remove" && (!ok || !baremetal.IsUUID(s)) {
			return invalid("Expected a UUID for node_uuid, but received %s.", quoteAs("node_uuid", op.value))
		}
	}
	return nil
}

func (k volumeKind[T]) remove(c *call) ([]byte, error) {
	return nil, k.records(c.fleet).Delete(c.ctx, c.args.text(k.ident))
}
