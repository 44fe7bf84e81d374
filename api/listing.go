package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"ironhook/store"
)

// maxLimit is how many rows one reply holds at most.
const maxLimit = 1000

// listing is a checked request for a page of a collection.
type listing struct {
	query  store.Query
	fields []string // asked for, nil for the usual ones
	which  access   // when no fields are asked for: brief or 0 for all
	path   string   // of the next page; "" is the collection's own
	last   bool     // there is no next page, whatever the number of rows
	kept   []string // "key=value" of the next page's link, before and
	behind []string // behind what every link has
}

// paging reads the arguments that all lists share. Filters are the caller's.
func (r *resource[T]) paging(c *call) (l listing, err error) {
	l.query.Limit = maxLimit
	if c.args.given("limit") {
		l.query.Limit = min(c.args.number("limit"), maxLimit)
		if l.query.Limit <= 0 {
			return l, invalid("Limit must be positive")
		}
	}
	key, dir := c.args.text("sort_key"), c.args.text("sort_dir")
	if !c.args.has("sort_dir") {
		dir = "asc"
	}
	if dir != "asc" && dir != "desc" {
		return l, invalid("Invalid sort direction: %s. Acceptable values are 'asc' or 'desc'", dir)
	}
	if key == "" {
		key = "id"
	}
	l.query.Desc, l.query.Marker = dir == "desc", c.args.text("marker")
	l.kept = []string{"sort_key=" + key, "sort_dir=" + dir}
	l.query.SortKey, err = r.column(c, key)
	return l, err
}

// column finds what to sort by.
func (r *resource[T]) column(c *call, key string) (string, error) {
	switch key {
	case "id":
		return "", nil
	case "node_id":
		return "node_uuid", nil
	}
	i := slices.IndexFunc(r.fields, func(f field[T]) bool { return f.name == key })
	switch {
	case i >= 0 && r.fields[i].since > c.minor:
		return "", notAcceptable(0)
	case i >= 0 && r.fields[i].access.has(unsorted):
		return "", invalid("The sort_key value %s is an invalid field for sorting", key)
	case i < 0 || r.fields[i].column == "":
		return "", invalid("The sort_key value \"%s\" is an invalid field for sorting", key)
	}
	return r.fields[i].column, nil
}

// detail settles between "fields=" and "detail=" and decides which fields are
// shown. both is what a client that gives both is told.
func (l *listing) detail(c *call, both string) error {
	l.which = brief
	if c.args.given("fields") {
		l.fields = c.args.list("fields")
		if c.args.flag("detail") {
			return invalid("%s", both)
		}
	}
	if c.args.flag("detail") {
		l.which = 0
	}
	return nil
}

var fieldArgs = []argument{optional("fields", aList), optional("detail", aBoolean)}

// usual refuses "fields=" and "detail=" where the microversion does not have them
// and settles which fields are shown.
func (r *resource[T]) usual(c *call, l *listing) error {
	if c.args.given("fields") && c.minor < 8 {
		return notAcceptable(0)
	}
	if err := r.acceptable(c, c.args.list("fields")); err != nil {
		return err
	}
	if c.args.has("detail") && c.minor < 43 {
		return invalid("Invalid query parameter ?detail=%s received.", repr(c.args["detail"]))
	}
	return l.detail(c, "Can not specify ?detail=True and fields in the same request.")
}

// list reads a page and renders it.
func (r *resource[T]) list(c *call, l listing) ([]byte, error) {
	shown, err := r.shown(c, l.which, l.fields)
	if err != nil {
		return nil, err
	}
	l.query.Columns = r.columns(shown)
	p := r.begin(c, l, shown)
	err = c.store.View(c.ctx, func(tx *store.Tx) error {
		complete, err := r.completing(tx, shown)
		if err != nil {
			return err
		}
		return r.rows(tx).Each(l.query, func(row *T) error {
			complete(row)
			p.add(row)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return p.end(), nil
}

// completing returns what adds to a row that which is rendered and not stored of it, if
// such a field is shown.
func (r *resource[T]) completing(tx *store.Tx, shown []*field[T]) (func(*T), error) {
	if r.complete == nil || !slices.ContainsFunc(shown, func(f *field[T]) bool { return f.name == r.completed }) {
		return func(*T) {}, nil
	}
	return r.complete(tx, store.Query{})
}

// columns are those that the fields need, with the key; nil is all.
func (r *resource[T]) columns(shown []*field[T]) []string {
	columns := []string{"uuid"}
	for _, f := range shown {
		columns = append(columns, f.needs...)
		if f.column != "" && !slices.Contains(columns, f.column) {
			columns = append(columns, f.column)
		}
	}
	return columns
}

// page is a reply that grows row by row.
type page[T any] struct {
	*resource[T]
	c     *call
	l     listing
	shown []*field[T]
	b     []byte
	rows  int
	last  string // UUID of the last row
}

func (r *resource[T]) begin(c *call, l listing, shown []*field[T]) *page[T] {
	b := append(appendKey(append(make([]byte, 0, 4096), '{'), r.plural), '[')
	return &page[T]{resource: r, c: c, l: l, shown: shown, b: b}
}

func (p *page[T]) add(row *T) {
	if p.rows > 0 {
		p.b = append(p.b, ',')
	}
	if cap(p.b)-len(p.b) < 1024 {
		p.b = slices.Grow(p.b, len(p.b)) // append alone grows large slices by a quarter
	}
	p.b = appendRow(p.b, p.c, p.shown, row)
	p.rows, p.last = p.rows+1, p.uuid(row)
}

// end returns the whole reply; when the page is full, with the link to the next.
func (p *page[T]) end() []byte {
	p.b = append(p.b, ']')
	if !p.l.last && p.rows > 0 && p.rows == p.l.query.Limit {
		p.b = appendString(appendKey(p.b, "next"), p.next(p.c, p.l, p.last))
	}
	return append(p.b, '}')
}

// next is the link to the page behind marker, with everything that made this page
// what it is.
func (r *resource[T]) next(c *call, l listing, marker string) string {
	args := slices.Clone(l.kept)
	if fields := l.fields; fields != nil || l.which == brief {
		if fields == nil {
			fields = r.briefly()
		}
		args = append(args, "fields="+strings.Join(fields, ","))
	}
	args = append(args, fmt.Sprintf("limit=%d", l.query.Limit), "marker="+marker)
	path := l.path
	if path == "" {
		path = r.path
	}
	return c.base + "/v1/" + path + "?" + strings.Join(append(args, l.behind...), "&")
}

// keep makes the next page's link repeat an argument.
func (l *listing) keep(name, value string) {
	l.behind = append(l.behind, name+"="+url.QueryEscape(value))
}

// where adds a filter column = value when the argument of this name is given, and
// keeps it for the next page.
func (l *listing) where(c *call, name, column string) {
	if v := c.args[name]; v != nil {
		l.query.Filters = append(l.query.Filters, store.Filter{Column: column, Value: v})
		l.keep(name, str(v))
	}
}
