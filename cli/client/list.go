package client

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (r resource) doList(c *call) error {
	q, columns := c.query(), r.columns
	switch wanted, ok := c.value("fields").([]string); {
	case ok && c.has("long"):
		return misuse("--fields: not together with --long")
	case ok:
		columns = wanted
		q.Set("fields", strings.Join(wanted, ","))
	case c.has("long"):
		columns = r.detail
		if r.words != "allocation" { // of which there is no brief listing
			q.Set("detail", "True")
		}
	}
	rows, err := c.pages(r.path, r.list, q)
	if err != nil {
		return err
	}
	order, _ := c.value("sort").(string)
	if err := sortBy(rows, cmp.Or(order, r.order)); err != nil {
		return err
	}
	return c.show(r.tabulate(rows, columns))
}

func (r resource) tabulate(things []map[string]any, columns []string) findings {
	f := findings{rows: make([][]any, len(things))}
	for _, name := range columns {
		f.columns = append(f.columns, label(r.words, name))
	}
	for i, thing := range things {
		for _, name := range columns {
			f.rows[i] = append(f.rows[i], r.cell(thing[name]))
		}
	}
	return f
}

// pages reads a list to its end, or to --limit, following the pages of the server.
func (c *call) pages(path, key string, q url.Values) ([]map[string]any, error) {
	limit, _ := c.value("limit").(int)
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	next := path + "?" + q.Encode()
	var all []map[string]any
	for limit == 0 || len(all) < limit {
		page, err := c.get(c.ctx, next)
		if err != nil {
			return nil, err
		}
		list, _ := page[key].([]any)
		for _, e := range list {
			if thing, ok := e.(map[string]any); ok {
				all = append(all, thing)
			}
		}
		if next = following(page, key); next != "" && len(list) > 0 {
			next = path + next
		} else {
			break
		}
	}
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all, nil
}

// following is the query of the next page, "" at the end. Only the query of the link
// counts: the rest is how the server sees itself. The Block Storage API has a list of
// links where the others have one.
func following(page map[string]any, key string) string {
	link, _ := page["next"].(string)
	links, _ := page[key+"_links"].([]any)
	for _, e := range links {
		if l, ok := e.(map[string]any); ok && l["rel"] == "next" {
			link, _ = l["href"].(string)
		}
	}
	_, query, found := strings.Cut(link, "?")
	if !found {
		return ""
	}
	return "?" + query
}

// sortBy sorts by "key:dir,key:dir"; the first key weighs most.
func sortBy(things []map[string]any, order string) error {
	if order == "" {
		return nil
	}
	for _, key := range slices.Backward(strings.Split(order, ",")) {
		name, dir, _ := strings.Cut(key, ":")
		if dir != "" && dir != "asc" && dir != "desc" {
			return misuse("--sort %q: the direction is asc or desc", key)
		}
		slices.SortStableFunc(things, func(a, b map[string]any) int {
			way := compare(a[name], b[name])
			if dir == "desc" {
				return -way
			}
			return way
		})
	}
	return nil
}

// compare puts numbers before words, and nothing first.
func compare(a, b any) int {
	if a == nil || b == nil {
		return strings.Compare(plainOr(a, ""), plainOr(b, ""))
	}
	x, errX := strconv.ParseFloat(plain(a), 64)
	y, errY := strconv.ParseFloat(plain(b), 64)
	if errX == nil && errY == nil && x != y {
		return map[bool]int{true: -1, false: 1}[x < y]
	}
	return strings.Compare(plain(a), plain(b))
}

func plainOr(value any, none string) string {
	if value == nil {
		return none
	}
	return plain(value)
}
