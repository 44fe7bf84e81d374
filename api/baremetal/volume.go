package baremetalapi

import (
	"cmp"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// volumeKind is the common part of connectors and targets.
type volumeKind[T any] struct {
	table[T]
	noun    string // in messages
	filters []rest.Argument
	records func(*fleet.Fleet) fleet.VolumeRecords[T]
}

var (
	connectorKind = volumeKind[connector]{connectors, "volume connector",
		args{rest.Optional("type", rest.String), rest.Optional("connector_id", rest.String)}, (*fleet.Fleet).Connectors}
	targetKind = volumeKind[target]{targets, "volume target",
		args{rest.Optional("volume_type", rest.String), rest.Optional("volume_id", rest.String),
			rest.Optional("boot_index", rest.Integer)}, (*fleet.Fleet).Targets}
)

func volumeRoutes() []route {
	return slices.Concat([]route{
		{Method: "GET", Path: "/volume", Since: 32, Handle: volumeIndex, Doc: "Point to the volume resources"},
		{Method: "GET", Path: "/nodes/{node_ident}/volume", Since: 32, Args: args{nodeArg},
			Handle: volumeIndex, Doc: "Point to a node's volume resources"},
	}, connectorKind.routes(), targetKind.routes())
}

func volumeIndex(c *call) ([]byte, error) {
	at := "volume/"
	if ident := c.Args.Text("node_ident"); ident != "" {
		at = "nodes/" + ident + "/volume/"
	}
	b := rest.AppendLinks(rest.AppendKey([]byte{'{'}, "links"), c.Base, at)
	b = rest.AppendLinks(rest.AppendKey(b, "connectors"), c.Base, at, "connectors")
	b = rest.AppendLinks(rest.AppendKey(b, "targets"), c.Base, at, "targets")
	return append(b, '}'), nil
}

// routes are the same paths for both kinds, and once more below a node, where
// they only list.
func (k volumeKind[T]) routes() []route {
	path, below := "/"+k.Path, "/nodes/{node_ident}/"+k.Path
	item := "/{" + k.Ident + "}"
	idArg := rest.Mandatory(k.Ident, rest.UUID)
	listArgs := rest.Join(args{rest.Optional("node", rest.Ident)}, pageArgs,
		args{rest.Optional("fields", rest.Words), rest.Optional("detail", rest.Boolean)}, k.filters)
	detailArgs := rest.Join(args{rest.Optional("node", rest.Ident)}, pageArgs, k.filters)
	patchArgs := args{idArg, rest.Mandatory("patch", rest.JSONPatch)}
	all := []route{
		{Method: "GET", Path: path, Args: listArgs, Handle: k.listHandler, Doc: "List " + k.noun + "s"},
		{Method: "GET", Path: path + "/detail", Args: detailArgs, Handle: k.listDetail, Doc: "List " + k.noun + "s with all their fields"},
		{Method: "POST", Path: path, Args: args{rest.Mandatory(k.Body, rest.Any)}, Body: k.Body, Status: http.StatusCreated,
			Handle: k.create, Doc: "Create a " + k.noun},
		{Method: "PATCH", Path: path, Args: patchArgs, Body: "patch", Handle: k.patch},
		{Method: "DELETE", Path: path, Args: args{idArg}, Status: http.StatusNoContent, Handle: k.remove},
		{Method: "GET", Path: path + item, Args: args{idArg, rest.Optional("fields", rest.Words)},
			Handle: k.showHandler, Doc: "Show a " + k.noun},
		{Method: "POST", Path: path + item, Args: args{rest.Mandatory(k.Ident, rest.String)}, Handle: postToItem(k.Body, k.Ident)},
		{Method: "PATCH", Path: path + item, Args: patchArgs, Body: "patch", Handle: k.patch, Doc: "Change a " + k.noun + " by a JSON patch"},
		{Method: "DELETE", Path: path + item, Args: args{idArg}, Status: http.StatusNoContent, Handle: k.remove, Doc: "Delete a " + k.noun},
		{Method: "GET", Path: path + item + "/{fields}", Args: args{idArg, rest.Optional("fields", rest.Words)}, Handle: k.showHandler},

		{Method: "GET", Path: below, Args: rest.Join(args{nodeArg}, listArgs), Handle: k.listHandler, Doc: "List the " + k.noun + "s of a node"},
		{Method: "GET", Path: below + "/detail", Args: rest.Join(args{nodeArg}, detailArgs),
			Handle: k.listDetail, Doc: "List the " + k.noun + "s of a node with all their fields"},
		{Method: "POST", Path: below, Args: args{nodeArg, rest.Mandatory(k.Body, rest.Any)}, Body: k.Body, Handle: notHere},
		{Method: "PATCH", Path: below, Args: rest.Join(args{nodeArg}, patchArgs), Body: "patch", Handle: notHere},
		{Method: "DELETE", Path: below, Args: args{nodeArg, idArg}, Handle: notHere},
		{Method: "GET", Path: below + item, Args: args{nodeArg, idArg, rest.Optional("fields", rest.Words)}, Handle: k.elsewhere},
		{Method: "PATCH", Path: below + item, Args: rest.Join(args{nodeArg}, patchArgs), Body: "patch", Handle: k.elsewhere},
		{Method: "DELETE", Path: below + item, Args: args{nodeArg, idArg}, Handle: k.elsewhere},
	}
	for i := range all {
		all[i].Since, all[i].Gate = 32, rest.ErrNoRoute
	}
	return all
}

// notHere refuses a path where a resource is only available by its own path.
func notHere(*call) ([]byte, error) {
	return nil, rest.Invalid("Malformed request URI.")
}

// elsewhere is notHere for what exists.
func (k volumeKind[T]) elsewhere(c *call) ([]byte, error) {
	if _, err := k.get(c, c.Args.Text(k.Ident)); err != nil {
		return nil, err
	}
	return notHere(c)
}

func (k volumeKind[T]) listHandler(c *call) ([]byte, error) {
	l, err := k.paging(c)
	if err != nil {
		return nil, err
	}
	if c.Args.Flag("detail") {
		l.Kept = append(l.Kept, "detail=True")
	}
	if err := l.Detail(c.Call, "Can't fetch a subset of fields with 'detail' set"); err != nil {
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
	l.Path = k.Path + "/detail"
	if err := k.filter(c, &l); err != nil {
		return nil, err
	}
	return k.list(c, l)
}

// filter adds the node of the path or the query, and the specification's filters.
func (k volumeKind[T]) filter(c *call, l *listing) error {
	for _, a := range k.filters {
		l.where(c, a.Name, a.Name)
	}
	ident := cmp.Or(c.Args.Text("node_ident"), c.Args.Text("node"))
	if ident == "" {
		return nil
	}
	return c.store.View(c.Context(), func(tx *store.Tx) error {
		n, err := c.findNode(tx, ident)
		if err != nil {
			return err
		}
		l.match("node_uuid", n.UUID)
		l.Keep("node", ident)
		return nil
	})
}

func (k volumeKind[T]) showHandler(c *call) ([]byte, error) {
	row, err := k.get(c, c.Args.Text(k.Ident))
	if err != nil {
		return nil, err
	}
	return k.Show(c.Call, row, c.Args.List("fields"))
}

func (k volumeKind[T]) create(c *call) ([]byte, error) {
	row := new(T)
	if err := k.Fill(c.Call, c.Args[k.Body], row); err != nil {
		return nil, err
	}
	if err := k.records(c.fleet).Create(c.Context(), row); err != nil {
		return nil, err
	}
	c.Created(k.Path + "/" + k.UUID(row))
	return k.Show(c.Call, row, nil)
}

func (k volumeKind[T]) patch(c *call) ([]byte, error) {
	row, err := k.records(c.fleet).Update(c.Context(), c.Args.Text(k.Ident), k.change(c, checkNodeUUID))
	if err != nil {
		return nil, err
	}
	return k.Show(c.Call, row, nil)
}

// checkNodeUUID refuses to move a volume resource to an invalid node.
func checkNodeUUID(ops []rest.Operation) error {
	for _, op := range ops {
		if op.Path != "/node_uuid" {
			continue
		}
		if s, ok := op.Value.(string); op.Op != "remove" && (!ok || !baremetal.IsUUID(s)) {
			return rest.Invalid("Expected a UUID for node_uuid, but received %s.", rest.QuoteAs("node_uuid", op.Value))
		}
	}
	return nil
}

func (k volumeKind[T]) remove(c *call) ([]byte, error) {
	return nil, k.records(c.fleet).Delete(c.Context(), c.Args.Text(k.Ident))
}
