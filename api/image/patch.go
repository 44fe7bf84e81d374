package image

import (
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"regexp"
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

// update applies a JSON patch (RFC 6902, of which Glance has three operations on whole
// attributes), all of it or nothing.
func update(c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	read := map[string]func(*http.Request) ([]operation, error){patch20: oldOperations, patch21: newOperations}[kind]
	if read == nil {
		return answer{}, rest.Refuse(http.StatusUnsupportedMediaType, "Image PATCH expects Content-Type one of: %s, %s", patch20, patch21)
	}
	ops, err := read(c.r)
	if err != nil {
		return answer{}, err
	}
	if len(ops) > maxProperties+maxTags {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "A patch has at most %d operations.", maxProperties+maxTags)
	}
	for n := range ops {
		if err := ops[n].check(); err != nil {
			return answer{}, err
		}
	}
	i, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error {
		before := i.Visibility
		i.Properties = maps.Clone(i.Properties)
		for _, o := range ops {
			if err := o.apply(i); err != nil {
				return err
			}
		}
		return c.mayPublish(before, i)
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

	fresh bool   // an addition that replaces nothing, as in version 2.0
	name  string // of the attribute
	value any
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
		one := operation{Value: o.Value, fresh: true}
		given := 0
		for op, path := range map[string]string{"add": o.Add, "remove": o.Remove, "replace": o.Replace} {
			if path != "" {
				one.Op, one.Path = op, path
				given++
			}
		}
		if given != 1 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid,
				"Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".")
		}
		list = append(list, one)
	}
	return list, nil
}

// check refuses what is wrong with any image, and finds the name and the value.
func (o *operation) check() (err error) {
	switch {
	case !slices.Contains([]string{"add", "remove", "replace"}, o.Op):
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid operation: `%.32s`. It must be one of the following: add, remove, replace.", o.Op)
	case !strings.HasPrefix(o.Path, "/"):
		return baremetal.Errorf(baremetal.ErrInvalid, "Pointer `%.64s` does not start with \"/\".", o.Path)
	case strings.Count(o.Path, "/") > 1 || len(o.Path) == 1:
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid JSON pointer for this resource: '%.64s'", o.Path)
	case badEscape.MatchString(o.Path):
		return baremetal.Errorf(baremetal.ErrInvalid, "Pointer `%.64s` contains \"~\" not part of a recognized escape sequence.", o.Path)
	}
	o.name = strings.TrimSpace(unescape.Replace(o.Path[1:]))
	if f := lookup(o.name); f != nil && f.set == nil || f == nil && reserved.MatchString(o.name) {
		return readOnly(o.name)
	}
	if o.Op == "remove" {
		return nil
	}
	if len(o.Value) == 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "Operation \"%s\" requires a member named \"value\".", o.Op)
	}
	if o.value, err = rest.Decode(o.Value); err != nil {
		return err
	}
	return assign(&baremetal.Image{}, o.name, o.value)
}

// badEscape and unescape are of JSON pointers (RFC 6901 section 3).
var (
	badEscape = regexp.MustCompile(`~([^01]|$)`)
	unescape  = strings.NewReplacer("~1", "/", "~0", "~")
)

func (o *operation) apply(i *baremetal.Image) error {
	_, has := i.Properties[o.name]
	base := lookup(o.name) != nil
	switch {
	case o.Op == "remove" && base:
		return rest.Refuse(http.StatusForbidden, "Property %s may not be removed.", o.name)
	case o.Op != "add" && !base && !has:
		return baremetal.Errorf(baremetal.ErrConflict, "Property %.64s does not exist.", o.name)
	case o.Op == "add" && o.fresh && (base || has):
		return baremetal.Errorf(baremetal.ErrConflict, "Property %.64s already present.", o.name)
	case o.Op == "remove":
		delete(i.Properties, o.name)
		return nil
	}
	return assign(i, o.name, o.value)
}
