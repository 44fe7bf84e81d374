package image

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/uuid"

	"ironhook/api/wire"
	"ironhook/baremetal"
	"ironhook/store"
)

// maxPage and usualPage are Glance's api_limit_max and limit_param_default.
const (
	maxPage   = 1000
	usualPage = 25
)

// image is the one that the path names.
func (c *call) image() (*baremetal.Image, error) { return c.Pool.Image(c.r.Context(), c.arg("id")) }

func show(c *call) (answer, error) {
	i, err := c.image()
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

// missing says absence in Glance's words.
func missing(err error, id string) error {
	if status, _ := wire.Status(err); status == http.StatusNotFound {
		return baremetal.Errorf(baremetal.ErrNotFound, "No image found with ID %s", id)
	}
	return err
}

// readObject decodes a body, keeping numbers as they are written.
func (c *call) readObject() (map[string]any, error) {
	var raw json.RawMessage
	if err := wire.Read(c.r, &raw); err != nil {
		return nil, err
	}
	return object(raw)
}

func object(raw []byte) (body map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&body); err != nil || body == nil {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Malformed JSON in request body: an object was expected.")
	}
	return body, nil
}

func create(c *call) (answer, error) {
	body, err := c.readObject()
	if err != nil {
		return answer{}, err
	}
	i := &baremetal.Image{Visibility: "shared"}
	if id, ok := body["id"].(string); ok {
		if _, err := uuid.Parse(id); err != nil || len(id) != 36 || id != strings.ToLower(id) {
			return answer{}, wrong(id, "a UUID")
		}
		i.UUID = id
		delete(body, "id")
	}
	if err := assignAll(i, body); err != nil {
		return answer{}, err
	}
	if err := c.Pool.CreateImage(c.r.Context(), i); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: c.view(i), header: map[string]string{
		"Location": wire.Base(c.r) + "/image/v2/images/" + i.UUID, "OpenStack-image-import-methods": importMethods,
	}}, nil
}

func remove(c *call) (answer, error) {
	err := c.Pool.DeleteImage(c.r.Context(), c.arg("id"))
	return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
}

// patchTypes are the media types of a patch: 2.0 had another form for the operation.
var patchTypes = []string{"application/openstack-images-v2.1-json-patch", "application/json-patch+json"}

// update applies a JSON patch (RFC 6902) to what clients see of the image, and takes
// over what has changed.
func update(c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if !slices.Contains(patchTypes, kind) {
		return answer{}, wire.Refuse(http.StatusUnsupportedMediaType, "Unexpected body type. Expected one of: %s", strings.Join(patchTypes, ", "))
	}
	var raw json.RawMessage
	if err := wire.Read(c.r, &raw); err != nil {
		return answer{}, err
	}
	patch, err := jsonpatch.DecodePatch(raw)
	if err != nil || len(patch) > maxProperties+maxTags {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Request body must be a JSON array of operation objects.")
	}
	i, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error { return c.patch(i, patch) })
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

func (c *call) patch(i *baremetal.Image, patch jsonpatch.Patch) error {
	before := c.view(i)
	document, err := json.Marshal(before)
	if err != nil {
		return err
	}
	options := jsonpatch.NewApplyOptions()
	options.AccumulatedCopySizeLimit, options.SupportNegativeIndices = 1<<20, false
	patched, err := patch.ApplyWithOptions(document, options)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrConflict, "The patch does not apply: %s", err)
	}
	after, err := object(patched)
	if err != nil {
		return err
	}
	if before, err = object(document); err != nil {
		return err
	}
	i.Properties = maps.Clone(i.Properties)
	for name := range before {
		if _, kept := after[name]; !kept {
			delete(i.Properties, name)
			if lookup(name) != nil || reserved.MatchString(name) {
				return wire.Refuse(http.StatusForbidden, "Property %s may not be removed.", name)
			}
		}
	}
	changed := map[string]any{}
	for name, value := range after {
		if old, had := before[name]; !had || !same(old, value) {
			changed[name] = value
		}
	}
	return assignAll(i, changed)
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func (c *call) setTags(change func([]string) ([]string, error)) (answer, error) {
	_, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error {
		list, err := change(slices.Clone(i.Tags))
		if err != nil {
			return err
		}
		items := make([]any, len(list))
		for n, tag := range list {
			items[n] = tag
		}
		return tags(i, items)
	})
	return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
}

func addTag(c *call) (answer, error) {
	return c.setTags(func(list []string) ([]string, error) { return append(list, c.arg("tag")), nil })
}

func deleteTag(c *call) (answer, error) {
	return c.setTags(func(list []string) ([]string, error) {
		at := slices.Index(list, c.arg("tag"))
		if at < 0 {
			return nil, wire.Refuse(http.StatusNotFound, "The tag could not be found.")
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// sortKeys are what lists can be sorted by, as columns; "" is the order of creation.
var sortKeys = map[string]string{"id": "uuid", "name": "name", "status": "status", "size": "size", "created_at": "", "updated_at": "updated_at",
	"disk_format": "disk_format", "container_format": "container_format"}

// order reads sort_key and sort_dir, or sort: newest first unless told otherwise. Of
// several keys the first counts.
func (c *call) order() (q store.Query, err error) {
	given := c.r.URL.Query()
	key, direction := given.Get("sort_key"), given.Get("sort_dir")
	if sort := given.Get("sort"); sort != "" {
		sort, _, _ = strings.Cut(sort, ",")
		key, direction, _ = strings.Cut(sort, ":")
	}
	column, ok := sortKeys[key]
	if key != "" && !ok {
		return q, baremetal.Errorf(baremetal.ErrInvalid, "Invalid sort key: %.64s. It must be one of the following: %v.", key, slices.Sorted(maps.Keys(sortKeys)))
	}
	q.SortKey, q.Desc = column, direction != "asc"
	return q, nil
}

func list(c *call) (answer, error) {
	q, err := c.order()
	if err != nil {
		return answer{}, err
	}
	limit, err := wire.Limit(c.r)
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
	if !given.Has("limit") {
		limit = usualPage
	}
	rows, more, err := wire.Page(rows, func(i *baremetal.Image) string { return i.UUID }, given.Get("marker"), limit, maxPage)
	if err != nil {
		return answer{}, err
	}
	images := make([]any, len(rows))
	for n, i := range rows {
		images[n] = c.view(i)
	}
	body := map[string]any{"images": images, "schema": "/v2/schemas/images", "first": link(given)}
	if more {
		next := maps.Clone(given)
		next.Set("marker", rows[len(rows)-1].UUID)
		body["next"] = link(next)
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

// discard reads what is left of a body, so that a client that is still sending reads
// our answer.
func discard(r io.Reader) { _, _ = io.CopyN(io.Discard, r, 1<<20) }
