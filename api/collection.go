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
	id       func(*T) *string
	filter   func(c *call, tx *store.Tx, l *listing) error
	creating func(c *call, tx *store.Tx, row *T, body baremetal.Object) error // before it is written
	created  func(c *call, tx *store.Tx, row *T) error                        // and after
	mayPatch func(c *call) error                                              // before anything else is looked at
	updating func(c *call, tx *store.Tx, row *T, ops []operation) error
	deleting func(c *call, tx *store.Tx, row *T) error
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
	err := c.store.Update(c.ctx, func(tx *store.Tx) error {
		if k.creating != nil {
			if err := k.creating(c, tx, row, asObject(c.args[k.body])); err != nil {
				return err
			}
		}
		*k.id(row) = cmp.Or(*k.id(row), uuid.NewString())
		if err := k.rows(tx).Insert(row); err != nil || k.created == nil {
			return err
		}
		return k.created(c, tx, row)
	})
	if err != nil {
		return nil, err
	}
	c.created(k.path + "/" + *k.id(row))
	return k.show(c, row, nil)
}

func (k collection[T]) patch(c *call) ([]byte, error) {
	if k.mayPatch != nil {
		if err := k.mayPatch(c); err != nil {
			return nil, err
		}
	}
	ident := c.args.text(k.ident)
	row, err := k.get(c, ident)
	if err != nil {
		return nil, err
	}
	ops, err := k.operations(c)
	if err != nil {
		return nil, err
	}
	err = c.store.Update(c.ctx, func(tx *store.Tx) error {
		if row, err = k.rows(tx).Get(ident); err != nil {
			return err
		}
		changed, err := k.apply(ops, row)
		if err != nil || len(changed) == 0 {
			return err
		}
		if k.updating != nil {
			if err := k.updating(c, tx, row, ops); err != nil {
				return err
			}
		}
		return k.rows(tx).Update(row)
	})
	if err != nil {
		return nil, err
	}
	return k.show(c, row, nil)
}

func (k collection[T]) remove(c *call) ([]byte, error) {
	return nil, c.store.Update(c.ctx, func(tx *store.Tx) error {
		row, err := k.rows(tx).Get(c.args.text(k.ident))
		if err != nil {
			return err
		}
		if k.deleting != nil {
			if err := k.deleting(c, tx, row); err != nil {
				return err
			}
		}
		return k.rows(tx).Delete(*k.id(row))
	})
}
