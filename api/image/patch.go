package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// patchTypes are the media types of a patch: 2.0 had another form for the operation.
var patchTypes = []string{"application/openstack-images-v2.1-json-patch", "application/json-patch+json"}

// update applies a JSON patch (RFC 6902) to what clients see of the image, and takes
// over what has changed.
func update(c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if !slices.Contains(patchTypes, kind) {
		return answer{}, rest.Refuse(http.StatusUnsupportedMediaType, "Unexpected body type. Expected one of: %s", strings.Join(patchTypes, ", "))
	}
	ops, err := operations(c.r)
	if err != nil {
		return answer{}, err
	}
	i, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error { return c.patch(i, ops) })
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

// operations reads a patch. Like Glance it takes no move, copy or test.
func operations(r *http.Request) (ops []rest.Operation, err error) {
	var list []struct {
		Op, Path string
		Value    json.RawMessage
	}
	if err := rest.Read(r, &list); err != nil || len(list) > maxProperties+maxTags {
		return nil, cmp.Or(err, baremetal.Errorf(baremetal.ErrInvalid, "A patch has at most %d operations.", maxProperties+maxTags))
	}
	for _, o := range list {
		op := rest.Operation{Op: o.Op, Path: o.Path, HasValue: len(o.Value) > 0}
		if !slices.Contains([]string{"add", "remove", "replace"}, op.Op) {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid operation: '%.32s'. It must be one of the following: add, remove, replace.", op.Op)
		}
		if !strings.HasPrefix(op.Path, "/") {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid path '%.64s': it must begin with a slash.", op.Path)
		}
		if op.HasValue {
			if op.Value, err = rest.Decode(o.Value); err != nil {
				return nil, err
			}
		}
		ops = append(ops, op)
	}
	return ops, nil
}

func (c *call) patch(i *baremetal.Image, ops []rest.Operation) error {
	before, after := document(c.view(i)), document(c.view(i))
	if err := rest.Patch(after, ops); err != nil {
		return baremetal.Errorf(baremetal.ErrConflict, "The patch does not apply: %s", err)
	}
	i.Properties = maps.Clone(i.Properties)
	for name := range before {
		if _, kept := after[name]; !kept {
			delete(i.Properties, name)
			if lookup(name) != nil || reserved.MatchString(name) {
				return rest.Refuse(http.StatusForbidden, "Property %s may not be removed.", name)
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

// document is what clients see, in the form that patches work on.
func document(view map[string]any) map[string]any {
	v, err := rest.Decode(rest.Encode(view))
	if err != nil {
		panic("image: own JSON does not parse: " + err.Error())
	}
	return v.(map[string]any)
}

func same(a, b any) bool { return bytes.Equal(rest.Encode(a), rest.Encode(b)) }
