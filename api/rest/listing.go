package rest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// MaxLimit is how many rows one reply holds at most.
const MaxLimit = 1000

// Listing is a checked request for a page of a collection. Filters are the API's, which adds
// them where it reads the rows.
type Listing struct {
	Limit   int      // rows at most, 1 to MaxLimit
	Marker  string   // key of the last row of the page before; "" starts at the first
	SortKey string   // a column; "" is the order of creation
	Desc    bool     // the order is reversed
	Fields  []string // asked for; nil for those of Which
	Which   Access   // when no fields are asked for: Brief, or 0 for all
	Path    string   // of the next page; "" is the collection's own
	Last    bool     // there is no next page, whatever the number of rows
	Kept    []string // "key=value" of the next page's link, before what every link has
	after   []string // and after it
}

// Paging reads the arguments that all lists share: limit, marker, sort_key and sort_dir. What
// is wrong with them is a 400.
func (r *Resource[T]) Paging(c *Call) (l Listing, err error) {
	if l.Limit, err = Limit(c); err != nil {
		return l, err
	}
	key, dir := c.Args.Text("sort_key"), c.Args.Text("sort_dir")
	if !c.Args.Has("sort_dir") {
		dir = "asc"
	}
	if dir != "asc" && dir != "desc" {
		return l, Invalid("Invalid sort direction: %s. Acceptable values are 'asc' or 'desc'", dir)
	}
	if key == "" {
		key = "id"
	}
	l.Desc, l.Marker = dir == "desc", c.Args.Text("marker")
	l.Kept = []string{"sort_key=" + key, "sort_dir=" + dir}
	l.SortKey, err = r.sortColumn(c, key)
	return l, err
}

// Limit is how many rows the request asks for: 1 to MaxLimit, which counts where it does not
// say.
func Limit(c *Call) (int, error) {
	if !c.Args.Given("limit") {
		return MaxLimit, nil
	}
	limit := min(c.Args.Number("limit"), MaxLimit)
	if limit <= 0 {
		return limit, Invalid("Limit must be positive")
	}
	return limit, nil
}

// sortColumn finds the column to sort by.
func (r *Resource[T]) sortColumn(c *Call, key string) (string, error) {
	switch key {
	case "id":
		return "", nil
	case "node_id":
		return "node_uuid", nil
	}
	i := slices.IndexFunc(r.Fields, func(f Field[T]) bool { return f.Name == key })
	switch {
	case i >= 0 && r.Fields[i].Since > c.Minor && !r.Fields[i].Access.has(Silent):
		return "", NotAcceptable(0)
	case i >= 0 && r.Fields[i].Access.has(Unsorted):
		return "", Invalid("The sort_key value %s is an invalid field for sorting", key)
	case i < 0 || r.Fields[i].Column == "":
		return "", Invalid("The sort_key value \"%s\" is an invalid field for sorting", key)
	}
	return r.Fields[i].Column, nil
}

// FieldArgs are the arguments by which a list is asked for more or fewer fields.
var FieldArgs = []Argument{Optional("fields", Words), Optional("detail", Boolean)}

// both is the answer to a client that asks for "fields=" and "detail=" at once.
const both = "Can not specify ?detail=True and fields in the same request."

// MayAsk refuses "fields=" and "detail=" where the microversion does not have them, or not
// those fields; and both at once.
func (r *Resource[T]) MayAsk(c *Call) error {
	if err := r.KnowsFields(c); err != nil {
		return err
	}
	if err := KnowsDetail(c); err != nil {
		return err
	}
	return new(Listing).Detail(c, both)
}

// KnowsDetail refuses "detail=" where the microversion does not have it: 400.
func KnowsDetail(c *Call) error {
	if c.Args.Has("detail") && c.Minor < 43 {
		return Invalid("Invalid query parameter ?detail=%s received.", Repr(c.Args["detail"]))
	}
	return nil
}

// Detail settles between "fields=" and "detail=" and decides which fields are shown. A client
// that gives both reads this text, in a 400.
func (l *Listing) Detail(c *Call, text string) error {
	l.Which = Brief
	if c.Args.Given("fields") {
		l.Fields = c.Args.List("fields")
		if c.Args.Flag("detail") {
			return Invalid("%s", text)
		}
	}
	if c.Args.Flag("detail") {
		l.Which = 0
	}
	return nil
}

// Asked is Detail for the lists whose next page repeats "detail=".
func (l *Listing) Asked(c *Call) error {
	if c.Args.Given("detail") {
		l.Kept = append(l.Kept, "detail="+Repr(c.Args["detail"]))
	}
	return l.Detail(c, both)
}

// Keep makes the next page's link repeat an argument.
func (l *Listing) Keep(name, value string) {
	l.after = append(l.after, name+"="+url.QueryEscape(value))
}

// next is the link to the page after marker, with all the arguments of this page.
func (r *Resource[T]) next(c *Call, l *Listing, marker string) string {
	args := slices.Clone(l.Kept)
	if fields := l.Fields; fields != nil || l.Which == Brief {
		if fields == nil {
			fields = r.briefly()
		}
		args = append(args, "fields="+strings.Join(fields, ","))
	}
	args = append(args, fmt.Sprintf("limit=%d", l.Limit), "marker="+marker)
	path := l.Path
	if path == "" {
		path = r.Path
	}
	return c.Base + "/v1/" + path + "?" + strings.Join(append(args, l.after...), "&")
}
