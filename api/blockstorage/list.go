package blockstorage

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

func listVolumes(detail bool) handler {
	return func(c *call) (int, any, error) {
		q, err := c.query("name", "name~")
		if err != nil {
			return 0, nil, err
		}
		var rows []*baremetal.Volume
		var uses map[string][]pool.Use
		err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
			if rows, err = tx.Volumes().List(q); err != nil {
				return err
			}
			uses, err = pool.AllUsers(tx)
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		rows = slices.DeleteFunc(rows, func(v *baremetal.Volume) bool { return !c.wanted(v, uses[v.UUID]) })
		return page(c, "volumes", rows, func(v *baremetal.Volume) string { return v.UUID }, func(v *baremetal.Volume) any {
			if detail {
				return c.detailed(v, uses[v.UUID])
			}
			return c.brief(v)
		})
	}
}

// page answers with a page of a list, and a link to the next.
func page[T any](c *call, kind string, rows []T, uuid func(T) string, view func(T) any) (int, any, error) {
	cut, err := rest.Cut(rows, uuid, c.r.URL.Query(), maxPage, maxPage)
	if err != nil {
		return 0, nil, err
	}
	list := make([]any, len(cut.Rows))
	for i, row := range cut.Rows {
		list[i] = view(row)
	}
	body := map[string]any{kind: list}
	if cut.Next != nil {
		body[kind+"_links"] = []any{map[string]string{"rel": "next", "href": rest.Base(c.r) + c.r.URL.Path + "?" + cut.Next.Encode()}}
	}
	if c.minor >= 45 && strings.EqualFold(c.r.URL.Query().Get("with_count"), "true") {
		body["count"] = len(rows)
	}
	return http.StatusOK, body, nil
}

// query reads the order and the filters of a list; newest first unless told otherwise.
func (c *call) query(columns ...string) (q store.Query, err error) {
	given := c.r.URL.Query()
	key, descending := rest.Order(given)
	q.Desc = descending
	if key != "" {
		column, ok := sortKeys[key]
		if !ok {
			return q, baremetal.Errorf(baremetal.ErrInvalid, "Sort key %.64s is not one of %v.", key, slices.Sorted(maps.Keys(sortKeys)))
		}
		q.SortKey = column
	}
	for _, column := range columns {
		name, operator, _ := strings.Cut(column, "~")
		if values, ok := given[name+operator]; ok {
			f := store.Filter{Column: name, Value: values[0]}
			if operator != "" {
				f.Match = store.Contains
			}
			q.Filters = append(q.Filters, f)
		}
	}
	return q, nil
}

// sortKeys are what lists can be sorted by, as columns; "" is the order of creation.
var sortKeys = map[string]string{"id": "uuid", "name": "name", "status": "status", "size": "size", "created_at": "", "updated_at": "updated_at", "bootable": "bootable"}

// wanted applies the filters that the store cannot: what a volume is in the eyes of
// clients.
func (c *call) wanted(v *baremetal.Volume, uses []pool.Use) bool {
	given := c.r.URL.Query()
	if status := given.Get("status"); status != "" && status != string(pool.Status(v, uses)) {
		return false
	}
	if bootable := given.Get("bootable"); bootable != "" && !strings.EqualFold(bootable, strconv.FormatBool(v.Bootable)) {
		return false
	}
	return hasMetadata(v.Metadata, given.Get("metadata"))
}

// hasMetadata applies a filter such as {'key': 'value'}, which clients send as Python
// writes it.
func hasMetadata(have map[string]string, filter string) bool {
	if filter == "" {
		return true
	}
	var want map[string]string
	if json.Unmarshal([]byte(filter), &want) != nil && json.Unmarshal([]byte(strings.ReplaceAll(filter, "'", `"`)), &want) != nil {
		return false
	}
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}
