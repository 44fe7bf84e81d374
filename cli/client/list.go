package client

import (
	"cmp"
	"errors"
	"net/http"
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
	seen := map[string]bool{}
	for back := 1; limit == 0 || len(all) < limit; {
		page, err := c.get(c.ctx, next)
		if earlier := pageBefore(next, all, back); err != nil && earlier != "" && markerGone(err) {
			next, back = path+earlier, 2*back
			continue
		}
		if err != nil {
			return nil, err
		}
		back = 1
		list, _ := page[key].([]any)
		for _, e := range list {
			if thing, ok := e.(map[string]any); ok && !seen[idOf(thing)] {
				all = append(all, thing)
				seen[idOf(thing)] = idOf(thing) != ""
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

// A list goes on behind the last row of its page. When that row is deleted meanwhile, the
// server knows the marker no more: an earlier one is tried, twice as far back each time, and
// the first page in the end. Rows that come a second time are not shown twice.

// pageBefore is the query of next with the marker that many rows further back, or without
// one; "" if next has none, or the rows have no id.
func pageBefore(next string, all []map[string]any, back int) string {
	_, query, _ := strings.Cut(next, "?")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("marker") == "" || len(all) == 0 || idOf(all[0]) == "" {
		return ""
	}
	if at := len(all) - 1 - back; at >= 0 {
		q.Set("marker", idOf(all[at]))
	} else {
		q.Del("marker")
	}
	return "?" + q.Encode()
}

// markerGone reports whether the server may have refused the marker: with 404, or with 400
// as the Image API does.
func markerGone(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (r.status == http.StatusNotFound || r.status == http.StatusBadRequest)
}

func idOf(thing map[string]any) string {
	id, _ := thing["id"].(string)
	uuid, _ := thing["uuid"].(string)
	return cmp.Or(id, uuid)
}

// following is the query of the next page, "" at the end. Only the query of the link
// counts: the rest is the server's own view of its address. The Block Storage API has a list of
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
