package blockstorage

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// body reads the body of a request that makes or changes one thing: {"volume": {...}}.
func (c *call) body(what string, s *schema, beside ...string) (values, error) {
	object, err := rest.ReadObject(c.r)
	if err != nil {
		return nil, err
	}
	whole := schema{required: []string{what}, fields: []field{{what, 0, anObject}}}
	for _, name := range beside {
		whole.fields = append(whole.fields, field{name, 0, orNull(anObject)})
	}
	read, err := whole.check(c.minor, "body", object)
	if err != nil {
		return nil, err
	}
	for _, name := range beside {
		if len(value[map[string]any](read, name)) > 0 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "%s: there is one machine and nothing to choose from; leave it out", name)
		}
	}
	return s.check(c.minor, what, value[map[string]any](read, what))
}

// action is one key of the body of POST .../action, since a microversion; its value is
// held against args.
type action struct {
	since int
	least baremetal.Role // that may ask; "" is an administrator
	args  *schema        // nil: any value will do, as there is nothing to say
	null  bool           // null stands for no arguments
	do    func(c *call, in values) (int, any, error)
}

// act finds the one action that the body names.
func act(c *call, actions map[string]action) (int, any, error) {
	object, err := rest.ReadObject(c.r)
	if err != nil {
		return 0, nil, err
	}
	if len(object) != 1 {
		return 0, nil, rest.Refuse(http.StatusBadRequest, "Malformed request body: it must name one action.")
	}
	for name, given := range object {
		a, ok := actions[name]
		switch {
		case !ok:
			return 0, nil, rest.Refuse(http.StatusBadRequest,
				"There is no such action: %.64s. Verify the request body and Content-Type header and try again.", name)
		case a.since > c.minor:
			return 0, nil, errNoSuchPath
		}
		if least := cmp.Or(a.least, baremetal.RoleAdmin); !baremetal.RoleOf(c.r.Context()).Allows(least) {
			return 0, nil, baremetal.Errorf(baremetal.ErrForbidden, "The action %s needs the role %s.", name, least)
		}
		in, err := a.read(c, name, given)
		if err != nil {
			return 0, nil, err
		}
		return a.do(c, in)
	}
	return 0, nil, errNoSuchPath // not reached: there is one
}

func (a action) read(c *call, name string, given any) (values, error) {
	if a.args == nil || a.null && given == nil {
		return values{}, nil
	}
	object, ok := given.(map[string]any)
	if !ok {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field/attribute %s: it must be an object", name)
	}
	return a.args.check(c.minor, name, object)
}

// text returns the first of the members that the body has, the newest name first.
func (v values) text(names ...string) (string, bool) {
	for _, name := range names {
		if v.has(name) {
			return value[string](v, name), true
		}
	}
	return "", false
}

// describe changes a name and a description as far as the body has them, under their
// new names or the old ones.
func (v values) describe(name, description *string) {
	if s, ok := v.text("name", "display_name"); ok {
		*name = s
	}
	if s, ok := v.text("description", "display_description"); ok {
		*description = s
	}
}

// decode reads a free-form object of a body into a struct.
func decode(object map[string]any, into any) error {
	if err := json.Unmarshal(rest.Encode(object), into); err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "Malformed request body: %s", err)
	}
	return nil
}

// few holds the number of metadata items.
func few(metadata map[string]string) error {
	if len(metadata) > maxKeys {
		return baremetal.Errorf(baremetal.ErrInvalid, "%d metadata items; at most %d are kept.", len(metadata), maxKeys)
	}
	return nil
}

// fits refuses a size beyond what a volume can have.
func fits(size int64) error {
	if size <= maxGiB {
		return nil
	}
	return rest.Refuse(http.StatusRequestEntityTooLarge,
		"VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota. Requested %dG, the largest volume is %dG.", size,
		maxGiB)
}

// addDistinct adds the values of metadata to those that were seen.
func addDistinct(seen map[string][]string, metadata map[string]string) {
	for k, v := range metadata {
		if !slices.Contains(seen[k], v) {
			seen[k] = append(seen[k], v)
		}
	}
}
