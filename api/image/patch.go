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

// patchTypes are the media types of a patch. In 2.0 an operation has another form.
const (
	patch20 = "application/openstack-images-v2.0-json-patch"
	patch21 = "application/openstack-images-v2.1-json-patch"
)

// update applies a JSON patch (RFC 6902) to what clients see of the image, and takes
// over what has changed.
func update(c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	read := map[string]func(*http.Request) ([]operation, error){patch20: oldOperations, patch21: newOperations}[kind]
	if read == nil {
		return answer{}, rest.Refuse(http.StatusUnsupportedMediaType, "Image PATCH expects Content-Type one of: %s, %s", patch20, patch21)
	}
	list, err := read(c.r)
	if err != nil {
		return answer{}, err
	}
	ops, err := operations(list)
	if err != nil {
		return answer{}, err
	}
	i, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error {
		before := i.Visibility
		return cmp.Or(c.patch(i, ops), c.mayPublish(before, i))
	})
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

// operation is one of a patch, in the form of RFC 6902.
type operation struct {
	Op, Path string
	Value    json.RawMessage
}

func newOperations(r *http.Request) (list []operation, err error) {
	return list, rest.Read(r, &list)
}

// oldOperations reads {"replace": "/name", "value": "x"}, the form of version 2.0.
func oldOperations(r *http.Request) (list []operation, err error) {
	var old []struct {
		Add, Remove, Replace string
		Value                json.RawMessage
	}
	if err := rest.Read(r, &old); err != nil {
		return nil, err
	}
	for _, o := range old {
		one := operation{Value: o.Value}
		given := 0
		for op, path := range map[string]string{"add": o.Add, "remove": o.Remove, "replace": o.Replace} {
			if path != "" {
				one.Op, one.Path = op, path
				given++
			}
		}
		if given != 1 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".")
		}
		list = append(list, one)
	}
	return list, nil
}

// operations checks a patch. Like Glance it takes no move, copy or test.
func operations(list []operation) (ops []rest.Operation, err error) {
	if len(list) > maxProperties+maxTags {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "A patch has at most %d operations.", maxProperties+maxTags)
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
