package api

import (
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// collection is what the resources do alike that belong to no node's lock:
// chassis, portgroups, allocations, deploy templates.
type collection[T any] struct {
	*resource[T]
	noun     string
	since    int
	older    string     // what an older microversion hears
	olderOne error      // and when it asks for an item, where that is something else
	named    bool       // may be called by name as well as by UUID
	inDetail bool       // has a route /detail
	plain    bool       // lists show everything and know no "detail="
	filters  []argument // of the lists
	filter   func(c *call, tx *store.Tx, l *listing) error
	mayPatch func(c *call) error                 // before anything else is looked at
	defaults func(row *T, body baremetal.Object) // of what the body leaves out
	insert   func(c *call, row *T) error         // a new row
	update   func(c *call, ident string, p fleet.Patch[T]) (*T, error)
	delete   func(c *call, ident string) error
}

func (k collection[T]) routes() []route {
	path, kind := "/"+k.path, aUUID
	if k.named {
		kind = anIdent
	}
	idArg := mandatory(k.ident, kind)
	shown := fieldArgs
	if k.plain {
		shown = fieldArgs[:1]
	}
	item := path + "/{" + k.ident + "}"
	patchArgs := []argument{idArg, mandatory("patch", aPatch)}
	all := []route{
		{method: "GET", path: path, args: join(k.filters, pageArgs, shown), handle: k.listHandler, doc: "List " + k.plural},
		{method: "POST", path: path, args: []argument{mandatory(k.body, anyValue)}, body: k.body, status: http.StatusCreated, handle: k.create, doc: "Create a " + k.noun},
		{method: "PATCH", path: path, args: patchArgs, body: "patch", handle: k.patch},
		{method: "DELETE", path: path, args: []argument{idArg}, status: http.StatusNoContent, handle: k.remove},
		{method: "GET", path: item, args: []argument{idArg, optional("fields", aList)}, handle: k.showHandler, doc: "Show a " + k.noun},
		{method: "POST", path: item, args: []argument{mandatory(k.ident, aString)}, handle: postToItem(k.body, k.ident)},
		{method: "PATCH", path: item, args: patchArgs, body: "patch", handle: k.patch, doc: "Change a " + k.noun + " by a JSON patch"},
		{method: "DELETE", path: item, args: []argument{idArg}, status: http.StatusNoContent, handle: k.remove, doc: "Delete a " + k.noun},
	}
	if k.inDetail {
		all = slices.Insert(all, 1, route{method: "GET", path: path + "/detail", args: join(k.filters, pageArgs), handle: k.listDetail,
			doc: "List " + k.plural + " with all their fields"})
	}
	for i := range all {
		all[i].since = k.since
		switch {
		case k.olderOne != nil && strings.HasPrefix(all[i].path, item):
			all[i].gate = k.olderOne
		case k.older == "":
		case all[i].method == http.MethodGet:
			all[i].gate = abort(http.StatusNotFound, k.older)
		default:
			all[i].gate = abort(http.StatusMethodNotAllowed, k.older)
		}
	}
	return all
}

func (k collection[T]) listHandler(c *call) ([]byte, error) {
	var settled listing
	if err := k.usual(c, &settled); err != nil {
		return nil, err
	}
	l, err := k.filtered(c)
	if err != nil {
		return nil, err
	}
	l.fields, l.which = settled.fields, settled.which
	if k.plain {
		l.which = 0
	}
	if c.args.given("detail") {
		l.kept = append(l.kept, "detail="+repr(c.args["detail"]))
	}
	return k.list(c, l)
}

func (k collection[T]) listDetail(c *call) ([]byte, error) {
	l, err := k.filtered(c)
	if err != nil {
		return nil, err
	}
	l.path = k.path + "/detail"
	return k.list(c, l)
}

func (k collection[T]) filtered(c *call) (listing, error) {
	l, err := k.paging(c)
	if err != nil || k.filter == nil {
		return l, err
	}
	return l, c.store.View(c.ctx, func(tx *store.Tx) error { return k.filter(c, tx, &l) })
}

func (k collection[T]) showHandler(c *call) ([]byte, error) {
	row, err := k.get(c, c.args.text(k.ident))
	if err != nil {
		return nil, err
	}
	if c.args.given("fields") && c.minor < 8 {
		return nil, notAcceptable(0)
	}
	if err := k.acceptable(c, c.args.list("fields")); err != nil {
		return nil, err
	}
	return k.show(c, row, c.args.list("fields"))
}

func (k collection[T]) create(c *call) ([]byte, error) {
	row := new(T)
	if err := k.fill(c, c.args[k.body], row); err != nil {
		return nil, err
	}
	if k.defaults != nil {
		k.defaults(row, asObject(c.args[k.body]))
	}
	if err := k.insert(c, row); err != nil {
		return nil, err
	}
	c.created(k.path + "/" + k.uuid(row))
	return k.show(c, row, nil)
}

func (k collection[T]) patch(c *call) ([]byte, error) {
	if k.mayPatch != nil {
		if err := k.mayPatch(c); err != nil {
			return nil, err
		}
	}
	row, err := k.update(c, c.args.text(k.ident), k.change(c, nil))
	if err != nil {
		return nil, err
	}
	return k.show(c, row, nil)
}

func (k collection[T]) remove(c *call) ([]byte, error) {
	return nil, k.delete(c, c.args.text(k.ident))
}
