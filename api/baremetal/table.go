package baremetalapi

import (
	"slices"

	"ironhook/api/rest"
	"ironhook/fleet"
	"ironhook/store"
)

// table is a resource together with its rows in the store.
type table[T any] struct {
	*rest.Resource[T]
	rows      func(*store.Tx) store.Set[T]
	completed string // the column that complete adds to
	// complete returns what adds to rows that which is rendered and not stored of them; the
	// query bounds what is read for that by the UUID of one row. nil: there is none.
	complete func(*store.Tx, store.Query) (func(*T), error)
}

// listing is a checked request for a page of a table.
type listing struct {
	rest.Listing
	filters []store.Filter
}

// paging reads the arguments that all lists share. Filters are the caller's.
func (t table[T]) paging(c *call) (listing, error) {
	page, err := t.Paging(c.Call)
	return listing{Listing: page}, err
}

// match keeps the rows whose column has this value.
func (l *listing) match(column string, value any) {
	l.filters = append(l.filters, store.Filter{Column: column, Value: value})
}

// where is match for the value of an argument when it is given; the next page's link keeps
// it.
func (l *listing) where(c *call, name, column string) {
	if v := c.Args[name]; v != nil {
		l.match(column, v)
		l.Keep(name, rest.Str(v))
	}
}

// list reads a page and renders it.
func (t table[T]) list(c *call, l listing) ([]byte, error) {
	return t.List(c.Call, &l.Listing, func(columns []string, row func(*T) error) error {
		q := store.Query{Filters: l.filters, Columns: columns, SortKey: l.SortKey, Desc: l.Desc, Marker: l.Marker, Limit: l.Limit}
		return c.store.View(c.Context(), func(tx *store.Tx) error { return t.each(tx, q, row) })
	})
}

// each reads the rows of a page, with what is not stored of them when that is shown.
func (t table[T]) each(tx *store.Tx, q store.Query, row func(*T) error) error {
	if t.complete == nil || !slices.Contains(q.Columns, t.completed) {
		return t.rows(tx).Each(q, row)
	}
	complete, err := t.complete(tx, store.Query{})
	if err != nil {
		return err
	}
	return t.rows(tx).Each(q, func(r *T) error {
		complete(r)
		return row(r)
	})
}

// get reads one row by its UUID or other name.
func (t table[T]) get(c *call, ident string) (row *T, err error) {
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
		row, err = t.rows(tx).Get(ident)
		if err != nil || t.complete == nil {
			return err
		}
		complete, err := t.complete(tx, store.Where("target_uuid", t.UUID(row)))
		if err == nil {
			complete(row)
		}
		return err
	})
	return row, err
}

// change is the request's patch of a row.
func (t table[T]) change(c *call, check func([]rest.Operation) error) fleet.Patch[T] {
	return fleet.Patch[T]{
		Given: rest.Assigned(rest.Operations(c.Args["patch"])),
		Apply: func(row *T) ([]string, error) {
			ops, err := t.Operations(c.Call)
			if err == nil && check != nil {
				err = check(ops)
			}
			if err != nil {
				return nil, err
			}
			return t.Apply(ops, row)
		},
	}
}
