package baremetalapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// collection is what the resources do alike that belong to no node's lock:
// chassis, portgroups, allocations, deploy templates.
type collection[T any] struct {
	table[T]
	noun     string
	since    int
	older    string          // the answer for an older microversion
	olderOne error           // and when it asks for an item, where that is something else
	named    bool            // may be called by name as well as by UUID
	inDetail bool            // has a route /detail
	plain    bool            // lists show everything and know no "detail="
	filters  []rest.Argument // of the lists
	filter   func(c *call, tx *store.Tx, l *listing) error
	mayFill  func(c *call) error                 // before a body is looked at
	mayPatch func(c *call) error                 // before anything else is looked at
	defaults func(row *T, body baremetal.Object) // of the fields that the body omits
	insert   func(c *call, row *T) error         // a new row
	update   func(c *call, ident string, p fleet.Patch[T]) (*T, error)
	delete   func(c *call, ident string) error
}

func (k collection[T]) routes() []route {
	path, kind := "/"+k.Path, rest.UUID
	if k.named {
		kind = rest.Ident
	}
	idArg := rest.Mandatory(k.Ident, kind)
	shown := rest.FieldArgs
	if k.plain {
		shown = rest.FieldArgs[:1]
	}
	item := path + "/{" + k.Ident + "}"
	patchArgs := args{idArg, rest.Mandatory("patch", rest.JSONPatch)}
	all := []route{
		{Method: "GET", Path: path, Args: rest.Join(k.filters, pageArgs, shown), Handle: k.listHandler, Doc: "List " + k.Plural},
		{Method: "POST", Path: path, Args: args{rest.Mandatory(k.Body, rest.Any)}, Body: k.Body, Status: http.StatusCreated,
			Handle: k.create, Doc: "Create a " + k.noun},
		{Method: "PATCH", Path: path, Args: patchArgs, Body: "patch", Handle: k.patch},
		{Method: "DELETE", Path: path, Args: args{idArg}, Status: http.StatusNoContent, Handle: k.remove},
		{Method: "GET", Path: item, Args: args{idArg, rest.Optional("fields", rest.Words)}, Handle: k.showHandler, Doc: "Show a " + k.noun},
		{Method: "POST", Path: item, Args: args{rest.Mandatory(k.Ident, rest.String)}, Handle: postToItem(k.Body, k.Ident)},
		{Method: "PATCH", Path: item, Args: patchArgs, Body: "patch", Handle: k.patch, Doc: "Change a " + k.noun + " by a JSON patch"},
		{Method: "DELETE", Path: item, Args: args{idArg}, Status: http.StatusNoContent, Handle: k.remove, Doc: "Delete a " + k.noun},
	}
	if k.inDetail {
		all = slices.Insert(all, 1, route{Method: "GET", Path: path + "/detail", Args: rest.Join(k.filters, pageArgs), Handle: k.listDetail,
			Doc: "List " + k.Plural + " with all their fields"})
	}
	for i := range all {
		all[i].Since = k.since
		switch {
		case k.olderOne != nil && strings.HasPrefix(all[i].Path, item):
			all[i].Gate = k.olderOne
		case k.older == "":
		case all[i].Method == http.MethodGet:
			all[i].Gate = rest.Abort(http.StatusNotFound, k.older)
		default:
			all[i].Gate = rest.Abort(http.StatusMethodNotAllowed, k.older)
		}
	}
	return all
}

func (k collection[T]) listHandler(c *call) ([]byte, error) {
	if err := k.MayAsk(c.Call); err != nil {
		return nil, err
	}
	l, err := k.filtered(c)
	if err != nil {
		return nil, err
	}
	if err := l.Asked(c.Call); err != nil {
		return nil, err
	}
	if k.plain {
		l.Which = 0
	}
	return k.list(c, l)
}

func (k collection[T]) listDetail(c *call) ([]byte, error) {
	l, err := k.filtered(c)
	if err != nil {
		return nil, err
	}
	l.Path = k.Path + "/detail"
	return k.list(c, l)
}

func (k collection[T]) filtered(c *call) (listing, error) {
	l, err := k.paging(c)
	if err != nil || k.filter == nil {
		return l, err
	}
	return l, c.store.View(c.Context(), func(tx *store.Tx) error { return k.filter(c, tx, &l) })
}

func (k collection[T]) showHandler(c *call) ([]byte, error) {
	ident, err := k.ident(c)
	if err != nil {
		return nil, err
	}
	row, err := k.get(c, ident)
	if err != nil {
		return nil, err
	}
	return k.ShowAsked(c.Call, row)
}

// ident is the name in the path: with .json at its end if something is called so.
func (k collection[T]) ident(c *call) (string, error) {
	ident := c.Args.Text(k.Ident)
	if !k.named || !c.suffixed(ident) {
		return ident, nil
	}
	err := c.store.View(c.Context(), func(tx *store.Tx) error {
		_, err := k.rows(tx).Get(ident + ".json")
		return err
	})
	switch {
	case err == nil:
		return ident + ".json", nil
	case errors.Is(err, baremetal.ErrNotFound):
		return ident, nil
	}
	return "", err
}

func (k collection[T]) create(c *call) ([]byte, error) {
	row := new(T)
	if k.mayFill != nil {
		if err := k.mayFill(c); err != nil {
			return nil, err
		}
	}
	if err := k.Fill(c.Call, c.Args[k.Body], row); err != nil {
		return nil, err
	}
	if k.defaults != nil {
		k.defaults(row, rest.AsObject(c.Args[k.Body]))
	}
	if err := k.insert(c, row); err != nil {
		return nil, err
	}
	c.Created(k.Path + "/" + k.UUID(row))
	return k.Show(c.Call, row, nil)
}

func (k collection[T]) patch(c *call) ([]byte, error) {
	if k.mayPatch != nil {
		if err := k.mayPatch(c); err != nil {
			return nil, err
		}
	}
	ident, err := k.ident(c)
	if err != nil {
		return nil, err
	}
	row, err := k.update(c, ident, k.change(c, nil))
	if err != nil {
		return nil, err
	}
	return k.Show(c.Call, row, nil)
}

func (k collection[T]) remove(c *call) ([]byte, error) {
	ident, err := k.ident(c)
	if err != nil {
		return nil, err
	}
	return nil, k.delete(c, ident)
}
