package image

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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
	given := c.r.URL.Query()
	order, err := orderOf(given)
	if err != nil {
		return answer{}, err
	}
	keep, err := filterOf(given)
	if err != nil {
		return answer{}, err
	}
	var rows []*baremetal.Image
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		rows, err = tx.Images().List(store.Query{})
		return err
	})
	if err != nil {
		return answer{}, err
	}
	rows = slices.DeleteFunc(rows, func(i *baremetal.Image) bool { return i.Status == baremetal.ImageDeleting || !keep(i) })
	slices.SortStableFunc(rows, order)
	page, err := pageOf(rows, given)
	if err != nil {
		return answer{}, err
	}
	images := make([]any, len(page.Rows))
	for n, i := range page.Rows {
		images[n] = c.view(i)
	}
	body := map[string]any{"images": images, "schema": "/v2/schemas/images", "first": c.link("")}
	if n := len(page.Rows); n > 0 && (page.Next != nil || strconv.Itoa(n) == cmp.Or(given.Get("limit"), strconv.Itoa(usualPage))) {
		body["next"] = c.link(page.Rows[n-1].UUID) // Glance does not look whether there are more, either
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// pageOf is the page that the query asks for; a limit of 0 is none.
func pageOf(rows []*baremetal.Image, given url.Values) (rest.Page[*baremetal.Image], error) {
	page, err := rest.Cut(rows, func(i *baremetal.Image) string { return i.UUID }, given, usualPage, maxPage)
	if err == nil && given.Get("limit") == "0" {
		return rest.Page[*baremetal.Image]{}, nil
	}
	return page, err
}

// link is this list from another marker on, "" for its beginning, with the other parameters
// in the order in which they were given.
func (c *call) link(marker string) string {
	var parts []string
	for part := range strings.SplitSeq(c.r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		key, err1 := url.QueryUnescape(name)
		text, err2 := url.QueryUnescape(value)
		if err1 == nil && err2 == nil && key != "marker" && key != "" {
			parts = append(parts, url.QueryEscape(key)+"="+url.QueryEscape(text))
		}
	}
	if marker != "" {
		parts = append(parts, "marker="+url.QueryEscape(marker))
	}
	if parts == nil {
		return "/v2/images"
	}
	return "/v2/images?" + strings.Join(parts, "&")
}

// order compares two images: below 0 if the first comes first.
type order func(a, b *baremetal.Image) int

func by[T cmp.Ordered](of func(*baremetal.Image) T) order {
	return func(a, b *baremetal.Image) int { return cmp.Compare(of(a), of(b)) }
}

func byTime(of func(*baremetal.Image) time.Time) order {
	return func(a, b *baremetal.Image) int { return of(a).Compare(of(b)) }
}

// sortKeys are what lists can be sorted by, in the order of Glance's message.
var sortKeys = []struct {
	name string
	order
}{
	{"name", by(func(i *baremetal.Image) string { return i.Name })},
	{"status", by(func(i *baremetal.Image) string { return string(i.Status) })},
	{"container_format", by(func(i *baremetal.Image) string { return i.ContainerFormat })},
	{"disk_format", by(func(i *baremetal.Image) string { return i.DiskFormat })},
	{"size", by(func(i *baremetal.Image) int64 { return i.Size })},
	{"id", by(func(i *baremetal.Image) string { return i.UUID })},
	{"created_at", byTime(func(i *baremetal.Image) time.Time { return i.CreatedAt })},
	{"updated_at", byTime(changed)},
}

// changed is when an image was last changed, or made.
func changed(i *baremetal.Image) time.Time {
	if i.UpdatedAt.IsZero() {
		return i.CreatedAt
	}
	return i.UpdatedAt
}

// sorting is a key of a list and its direction.
type sorting struct{ key, direction string }

// orderOf reads sort, or sort_key with sort_dir, each of which may be there several times.
// Images that are alike in all keys are in the order of their creation, in the direction of
// the last key.
func orderOf(given url.Values) (order, error) {
	keys, err := sortings(given)
	if err != nil {
		return nil, err
	}
	var orders []order
	tie := by(func(i *baremetal.Image) int64 { return i.ID })
	for _, k := range keys {
		at := slices.IndexFunc(sortKeys, func(s struct {
			name string
			order
		}) bool {
			return s.name == k.key
		})
		switch {
		case at < 0:
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid sort key: %.64s. It must be one of the following: %s.", k.key, sortNames())
		case k.direction == "asc":
			orders = append(orders, sortKeys[at].order)
		case k.direction == "desc":
			orders = append(orders, backwards(sortKeys[at].order))
		default:
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid sort direction: %.64s", k.direction)
		}
	}
	if keys[len(keys)-1].direction == "desc" {
		tie = backwards(tie)
	}
	orders = append(orders, tie)
	return func(a, b *baremetal.Image) int {
		for _, o := range orders {
			if n := o(a, b); n != 0 {
				return n
			}
		}
		return 0
	}, nil
}

func backwards(o order) order { return func(a, b *baremetal.Image) int { return o(b, a) } }

func sortNames() string {
	var names []string
	for _, s := range sortKeys {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

func sortings(given url.Values) (list []sorting, err error) {
	keys, directions := given["sort_key"], given["sort_dir"]
	if given.Has("sort") {
		if len(keys)+len(directions) > 0 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Old and new sorting syntax cannot be combined")
		}
		for pair := range strings.SplitSeq(strings.Join(given["sort"], ","), ",") {
			key, direction, ok := strings.Cut(strings.TrimSpace(pair), ":")
			if !ok {
				direction = "desc"
			}
			list = append(list, sorting{key, direction})
		}
		return list, nil
	}
	if len(keys) == 0 {
		keys = []string{"created_at"}
	}
	if len(directions) > 1 && len(directions) != len(keys) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Number of sort dirs does not match the number of sort keys")
	}
	for n, key := range keys {
		one := sorting{key, "desc"}
		switch len(directions) {
		case 0:
		case 1:
			one.direction = directions[0]
		default:
			one.direction = directions[n]
		}
		list = append(list, one)
	}
	return list, nil
}
