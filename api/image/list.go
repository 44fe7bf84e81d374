package image

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// maxPage and usualPage are Glance's api_limit_max and limit_param_default.
const (
	maxPage   = 1000
	usualPage = 25
)

func list(c *call) (answer, error) {
	q, err := c.order()
	if err != nil {
		return answer{}, err
	}
	var rows []*baremetal.Image
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		rows, err = tx.Images().List(q)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	given := c.r.URL.Query()
	rows = slices.DeleteFunc(rows, func(i *baremetal.Image) bool { return i.Status == baremetal.ImageDeleting || !c.wanted(i, given) })
	page, err := rest.Cut(rows, func(i *baremetal.Image) string { return i.UUID }, given, usualPage, maxPage)
	if err != nil {
		return answer{}, err
	}
	images := make([]any, len(page.Rows))
	for n, i := range page.Rows {
		images[n] = c.view(i)
	}
	body := map[string]any{"images": images, "schema": "/v2/schemas/images", "first": link(given)}
	if page.Next != nil {
		body["next"] = link(page.Next)
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// link is a list under other parameters; "first" is one without a marker.
func link(parameters url.Values) string {
	if len(parameters) == 0 {
		return "/v2/images"
	}
	return "/v2/images?" + parameters.Encode()
}

// order is how the store is to sort the list.
func (c *call) order() (q store.Query, err error) {
	key, descending := rest.Order(c.r.URL.Query())
	column, ok := sortKeys[key]
	if key != "" && !ok {
		return q, baremetal.Errorf(baremetal.ErrInvalid, "Invalid sort key: %.64s. It must be one of the following: %v.", key, slices.Sorted(maps.Keys(sortKeys)))
	}
	q.SortKey, q.Desc = column, descending
	return q, nil
}

// sortKeys are what lists can be sorted by, as columns; "" is the order of creation.
var sortKeys = map[string]string{"id": "uuid", "name": "name", "status": "status", "size": "size", "created_at": "", "updated_at": "updated_at",
	"disk_format": "disk_format", "container_format": "container_format"}

// notFilters are the parameters that keep every image.
var notFilters = []string{"limit", "marker", "sort", "sort_key", "sort_dir", "member_status"}

// wanted applies every filter: attributes equal what is asked for, or are one of
// in:a,b; all tags are there; sizes are in the range. Hidden images want asking for.
func (c *call) wanted(i *baremetal.Image, given url.Values) bool {
	if !given.Has("os_hidden") && i.Hidden {
		return false
	}
	var attributes map[string]any
	for name, values := range given {
		switch {
		case slices.Contains(notFilters, name):
			continue
		case name == "tag":
			for _, tag := range values {
				if !slices.Contains(i.Tags, tag) {
					return false
				}
			}
			continue
		case name == "size_min" || name == "size_max":
			limit, err := strconv.ParseInt(values[0], 10, 64)
			if err != nil || name == "size_min" && i.Size < limit || name == "size_max" && i.Size > limit {
				return false
			}
			continue
		case name == "visibility" && values[0] == "all":
			continue
		}
		if attributes == nil {
			attributes = c.view(i)
		}
		if !matches(attributes[name], values[0]) {
			return false
		}
	}
	return true
}

func matches(have any, want string) bool {
	text := ""
	switch v := have.(type) {
	case nil:
	case bool:
		return strings.EqualFold(strconv.FormatBool(v), want)
	case string:
		text = v
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return false
		}
		text = strings.Trim(string(raw), `"`)
	}
	if choice, ok := strings.CutPrefix(want, "in:"); ok {
		return slices.Contains(strings.Split(choice, ","), text)
	}
	return text == want
}
