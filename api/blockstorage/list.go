package blockstorage

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// listing is how one kind of thing is listed: by what, and in which order.
type listing[T any] struct {
	kind    string // member of the reply
	links   bool   // the reply says where the next page is
	id      func(T) string
	made    func(a, b T) int // order of creation, total
	missing func(id string) error
	filters map[string]filter[T]
	keys    map[string]func(a, b T) int
}

// Cinder's limit of a page, and the microversions of its lists.
const (
	maxPage      = 1000
	sinceCount   = 45 // with_count
	sinceRefusal = 31 // of a filter that there is not; before, it finds nothing
)

// notFilters are the arguments of a list that choose no rows.
var notFilters = []string{"limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants"}

// page answers with a page of the rows, as the query of the request wants it.
func (l *listing[T]) page(c *call, rows []T, view func(T) any) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	order, err := l.order(q)
	if err != nil {
		return 0, nil, err
	}
	chosen, err := l.choose(c, q, rows)
	if err != nil {
		return 0, nil, err
	}
	slices.SortFunc(chosen, order)
	cut, limit, err := l.cut(q, rows, chosen, order)
	if err != nil {
		return 0, nil, err
	}
	list := make([]any, len(cut))
	for i, row := range cut {
		list[i] = view(row)
	}
	body := map[string]any{l.kind: list}
	if l.links && len(cut) > 0 && len(cut) >= limit {
		body[l.kind+"_links"] = []any{map[string]string{"rel": "next", "href": rest.Base(c.r) + c.r.URL.Path + "?" +
			q.after(l.id(cut[len(cut)-1]))}}
	}
	if q.count(c.minor) {
		body["count"] = len(chosen)
	}
	return http.StatusOK, body, nil
}

// choose applies the filters.
func (l *listing[T]) choose(c *call, q query, rows []T) ([]T, error) {
	rows = slices.Clone(rows)
	for _, name := range q.filters(c.minor) {
		keep, err := l.filter(c, name, q.get(name))
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(row T) bool { return !keep(row) })
	}
	return rows, nil
}

// cut takes the page out of the chosen rows: after the marker, which need not be one of
// them, and after as many as offset says.
func (l *listing[T]) cut(q query, all, chosen []T, order func(a, b T) int) (cut []T, limit int, err error) {
	limit, err = q.number("limit", maxPage)
	if err != nil {
		return nil, 0, err
	}
	offset, err := q.number("offset", 0)
	if err != nil {
		return nil, 0, err
	}
	if marker := q.get("marker"); marker != "" {
		at := slices.IndexFunc(all, func(row T) bool { return l.id(row) == marker })
		if at < 0 {
			return nil, 0, l.missing(marker)
		}
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(row T) bool { return order(row, all[at]) <= 0 })
	}
	limit = min(limit, maxPage)
	chosen = chosen[min(offset, len(chosen)):]
	return chosen[:min(limit, len(chosen))], limit, nil
}

// order reads what the rows are sorted by: sort=key:direction,... or sort_key and
// sort_dir. The newest comes first unless the query says otherwise.
func (l *listing[T]) order(q query) (func(a, b T) int, error) {
	if q.has("sort") && (q.has("sort_key") || q.has("sort_dir")) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "sort_key and sort_dir cannot be used with sort")
	}
	given := cmp.Or(strings.TrimSpace(q.get("sort")), cmp.Or(q.get("sort_key"), "created_at")+":"+cmp.Or(q.get("sort_dir"), "desc"))
	var orders []func(a, b T) int
	first := ""
	for part := range strings.SplitSeq(given, ",") {
		key, direction, _ := strings.Cut(part, ":")
		direction = cmp.Or(strings.TrimSpace(direction), "desc")
		one, err := l.by(strings.TrimSpace(key), direction)
		if err != nil {
			return nil, err
		}
		orders, first = append(orders, one), cmp.Or(first, direction)
	}
	orders = append(orders, directed(l.made, first)) // what is alike is in order of creation
	return func(a, b T) int {
		for _, one := range orders {
			if n := one(a, b); n != 0 {
				return n
			}
		}
		return 0
	}, nil
}

func (l *listing[T]) by(key, direction string) (func(a, b T) int, error) {
	order, ok := l.keys[key]
	if key == "created_at" {
		order, ok = l.made, true
	}
	switch {
	case !ok:
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid sort key %.64q; there are created_at, %s", key,
			strings.Join(slices.Sorted(maps.Keys(l.keys)), ", "))
	case direction != "asc" && direction != "desc":
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Unknown sort direction %.64q, must be one of: asc, desc", direction)
	}
	return directed(order, direction), nil
}

func directed[T any](order func(a, b T) int, direction string) func(a, b T) int {
	if direction == "asc" {
		return order
	}
	return func(a, b T) int { return order(b, a) }
}

// query is the query of a request, in the order in which it was written.
type query struct {
	names  []string
	values url.Values
}

func parseQuery(c *call) (q query, err error) {
	if q.values, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return q, baremetal.Errorf(baremetal.ErrInvalid, "Malformed query string: %s", err)
	}
	for part := range strings.SplitSeq(c.r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		name, err = url.QueryUnescape(name)
		if err == nil && part != "" && !slices.Contains(q.names, name) {
			q.names = append(q.names, name)
		}
	}
	for _, name := range q.names {
		if len(q.values[name]) > 1 {
			return q, baremetal.Errorf(baremetal.ErrInvalid, "The argument %.64s is given more than once", name)
		}
	}
	return q, nil
}

func (q query) get(name string) string { return q.values.Get(name) }
func (q query) has(name string) bool   { return q.values.Has(name) }

// filters lists the arguments that choose rows.
func (q query) filters(minor int) (names []string) {
	for _, name := range q.names {
		if !slices.Contains(notFilters, name) && (name != "with_count" || minor < sinceCount) {
			names = append(names, name)
		}
	}
	return names
}

// count reports whether the reply shall say how many rows there are on all pages.
func (q query) count(minor int) bool {
	return minor >= sinceCount && flags[strings.ToLower(q.get("with_count"))]
}

// number reads an argument that is a number of rows.
func (q query) number(name string, usual int) (int, error) {
	if !q.has(name) {
		return usual, nil
	}
	n, err := strconv.ParseInt(q.get(name), 10, 32)
	switch {
	case err != nil:
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "%s param must be an integer of at most 2147483647", name)
	case n < 0:
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "%s param must be positive", name)
	}
	return int(n), nil
}

// after is the query of the next page.
func (q query) after(marker string) string {
	var parts []string
	for _, name := range q.names {
		if name != "marker" {
			parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(q.get(name)))
		}
	}
	return strings.Join(append(parts, "marker="+marker), "&")
}
