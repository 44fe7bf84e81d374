package inspection

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// The fields of a node that rules read and set: those that a client may.
var (
	texts = map[string]func(*baremetal.Node) *string{
		"name":           func(n *baremetal.Node) *string { return &n.Name },
		"description":    func(n *baremetal.Node) *string { return &n.Description },
		"resource_class": func(n *baremetal.Node) *string { return &n.ResourceClass },
		"owner":          func(n *baremetal.Node) *string { return &n.Owner },
		"lessee":         func(n *baremetal.Node) *string { return &n.Lessee },
		"shard":          func(n *baremetal.Node) *string { return &n.Shard },
		"instance_name":  func(n *baremetal.Node) *string { return &n.InstanceName },
	}
	objects = map[string]func(*baremetal.Node) *baremetal.Object{
		"properties":    func(n *baremetal.Node) *baremetal.Object { return &n.Properties },
		"driver_info":   func(n *baremetal.Node) *baremetal.Object { return &n.DriverInfo },
		"instance_info": func(n *baremetal.Node) *baremetal.Object { return &n.InstanceInfo },
		"extra":         func(n *baremetal.Node) *baremetal.Object { return &n.Extra },
	}
)

// The fields of a port that rules set.
var (
	portTexts = map[string]func(*baremetal.Port) *string{
		"physical_network": func(p *baremetal.Port) *string { return &p.PhysicalNetwork },
	}
	portObjects = map[string]func(*baremetal.Port) *baremetal.Object{
		"extra":                 func(p *baremetal.Port) *baremetal.Object { return &p.Extra },
		"local_link_connection": func(p *baremetal.Port) *baremetal.Object { return &p.LocalLinkConnection },
	}
	portFlags = map[string]func(*baremetal.Port) *bool{
		"pxe_enabled": func(p *baremetal.Port) *bool { return &p.PXEEnabled },
		"is_smartnic": func(p *baremetal.Port) *bool { return &p.IsSmartNIC },
	}
	portOptions = map[string]func(*baremetal.Port) **string{
		"name":        func(p *baremetal.Port) **string { return &p.Name },
		"description": func(p *baremetal.Port) **string { return &p.Description },
		"vendor":      func(p *baremetal.Port) **string { return &p.Vendor },
		"category":    func(p *baremetal.Port) **string { return &p.Category },
	}
)

// document is what paths lead into: the fields by name, and how to store one.
type document struct {
	fields map[string]any
	store  func(name string, v any) error
}

// change is what is done to the member of an object at the end of a path. Without a member old is
// nil; keep says whether there is one afterwards.
type change func(old any, there bool) (v any, keep bool, err error)

// at applies a change at the path, "/properties/cpus" or "properties.cpus". Objects on the way
// are made when make is set.
func (d document) at(path string, create bool, do change) error {
	parts := split(path)
	old, known := d.fields[parts[0]]
	if !known {
		return fmt.Errorf("there is no attribute %q that a rule may change", parts[0])
	}
	v, keep, err := descend(old, old != nil, parts[1:], create, do)
	if err != nil {
		return err
	}
	if !keep {
		v = nil
	}
	return d.store(parts[0], v)
}

func split(path string) []string {
	if strings.Contains(path, "/") {
		return strings.Split(strings.Trim(path, "/"), "/")
	}
	return strings.Split(path, ".")
}

// descend returns v with the change made below it.
func descend(v any, there bool, parts []string, create bool, do change) (any, bool, error) {
	if len(parts) == 0 {
		return do(v, there)
	}
	if v == nil && create {
		v = map[string]any{}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, false, fmt.Errorf("there is nothing called %q", parts[0])
	}
	old, there := object[parts[0]]
	inner, keep, err := descend(old, there, parts[1:], create, do)
	if err != nil {
		return nil, false, err
	}
	changed := map[string]any{}
	maps.Copy(changed, object)
	delete(changed, parts[0])
	if keep {
		changed[parts[0]] = inner
	}
	return changed, true, nil
}

// The changes.

func set(to any) change { return func(any, bool) (any, bool, error) { return to, true, nil } }

func remove(_ any, there bool) (any, bool, error) {
	if !there {
		return nil, false, errors.New("it is not there")
	}
	return nil, false, nil
}

func extend(by any, unique bool) change {
	return func(old any, there bool) (any, bool, error) {
		list, ok := old.([]any)
		if there && old != nil && !ok {
			return nil, false, errors.New("it is no list")
		}
		if unique && slices.ContainsFunc(list, func(v any) bool { return reflect.DeepEqual(v, by) }) {
			return list, true, nil
		}
		return append(slices.Clone(list), by), true, nil
	}
}

var errKind = errors.New("a value of another kind is needed there")

func nodeDocument(n *baremetal.Node) document {
	d := document{fields: map[string]any{}}
	for name, at := range texts {
		d.fields[name] = orNone(*at(n))
	}
	for name, at := range objects {
		d.fields[name] = map[string]any(*at(n))
	}
	d.store = func(name string, v any) error {
		if at, ok := texts[name]; ok {
			return storeText(at(n), v)
		}
		return storeObject(objects[name](n), v)
	}
	return d
}

func portDocument(p *baremetal.Port) document {
	d := document{fields: map[string]any{}}
	for name := range portFlags {
		d.fields[name] = nil
	}
	for name := range portOptions {
		d.fields[name] = nil
	}
	for name := range portTexts {
		d.fields[name] = nil
	}
	for name, at := range portObjects {
		d.fields[name] = map[string]any(*at(p))
	}
	d.store = func(name string, v any) error {
		if at, ok := portTexts[name]; ok {
			return storeText(at(p), v)
		}
		if at, ok := portObjects[name]; ok {
			return storeObject(at(p), v)
		}
		if at, ok := portFlags[name]; ok {
			*at(p) = truth(v, "yes", "true")
			return nil
		}
		var text string
		err := storeText(&text, v)
		if *portOptions[name](p) = nil; v != nil {
			*portOptions[name](p) = &text
		}
		return err
	}
	return d
}

func storeText(at *string, v any) error {
	text, ok := v.(string)
	if v != nil && !ok {
		return errKind
	}
	*at = text
	return nil
}

func storeObject(at *baremetal.Object, v any) error {
	object, ok := v.(map[string]any)
	if v != nil && !ok {
		return errKind
	}
	*at = object
	return nil
}
