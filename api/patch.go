package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// operation is one step of a JSON patch (RFC 6902). The API knows add, replace
// and remove.
type operation struct {
	op, path string
	value    any
	hasValue bool
	raw      map[string]any
}

var patchSchema = &schema{types: []string{"array"}, items: &schema{
	types: []string{"object"},
	props: map[string]*schema{
		"path":  {types: []string{"string"}, pattern: regexp.MustCompile(`^(/[\pL\pN_~-]+)+$`), source: `^(/[\w-]+)+$`},
		"op":    {types: []string{"string"}, enum: []any{"add", "replace", "remove"}},
		"value": {},
	},
	order:    []string{"path", "op", "value"},
	required: []string{"op", "path"},
	closed:   true,
}}

// aPatch is the argument that holds a whole patch.
var aPatch = kind{func(name string, v any) (any, error) { return v, patchSchema.check(name, v) }, "array"}

// operations reads what patchSchema has accepted.
func operations(v any) []operation {
	list, _ := v.([]any)
	ops := make([]operation, len(list))
	for i := range list {
		o := list[i].(map[string]any)
		ops[i] = operation{op: o["op"].(string), path: o["path"].(string), raw: o}
		ops[i].value, ops[i].hasValue = o["value"]
	}
	return ops
}

// root is the first element of the path: the field that the operation touches.
func (o operation) root() string { return o.parts()[0] }

func (o operation) parts() []string {
	parts := strings.Split(o.path, "/")[1:]
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// given are the fields that the operations set at the root, as a body would; nil is
// one that they remove.
func given(ops []operation) baremetal.Object {
	fields := baremetal.Object{}
	for _, op := range ops {
		if parts := op.parts(); len(parts) == 1 {
			fields[parts[0]] = op.value
		}
	}
	return fields
}

// applyPatch runs the operations on doc in order, in place. The error names the
// operation that could not be applied; doc is then of no use.
func applyPatch(doc map[string]any, ops []operation) error {
	for _, op := range ops {
		if parts := op.parts(); op.op == "add" && len(parts) == 1 {
			if _, ok := doc[parts[0]]; !ok {
				return invalid("Adding a new attribute (%s) to the root of the resource is not allowed", op.path)
			}
		}
	}
	for _, op := range ops {
		if _, err := op.apply(doc, op.parts()); err != nil {
			return invalid("Couldn't apply patch '%s'. Reason: %s", quote(op.raw), err)
		}
	}
	return nil
}

// apply runs the operation at parts below v and returns what v has become: a list
// may have to move.
func (o operation) apply(v any, parts []string) (any, error) {
	if o.op != "remove" && !o.hasValue {
		return nil, fmt.Errorf("The operation does not contain a 'value' member") //nolint:staticcheck // a client reads it
	}
	switch v := v.(type) {
	case map[string]any:
		return v, o.applyObject(v, parts)
	case []any:
		return o.applyList(v, parts)
	}
	return nil, fmt.Errorf("Document '%s' does not support indexing, must be mapping/sequence or support __getitem__", pythonType(v)) //nolint:staticcheck // a client reads it
}

func (o operation) applyObject(v map[string]any, parts []string) (err error) {
	name := parts[0]
	inner, found := v[name]
	switch {
	case len(parts) > 1 && !found:
		return fmt.Errorf("member '%s' not found in %s", name, o.quote(v, parts))
	case len(parts) > 1:
		v[name], err = o.apply(inner, parts[1:])
		return err
	case o.op == "add":
		v[name] = o.value
	case !found:
		return fmt.Errorf("can't %s a non-existent object '%s'", o.op, name)
	case o.op == "replace":
		v[name] = o.value
	default:
		delete(v, name)
	}
	return nil
}

// quote prints v, which the operation has met on its way to parts, for an error:
// what lies below a secret key is secret, whatever its own keys are.
func (o operation) quote(v any, parts []string) string {
	way := o.parts()
	return quoteAs(strings.Join(way[:len(way)-len(parts)], "/"), v)
}

func (o operation) applyList(v []any, parts []string) (any, error) {
	if parts[0] == "-" && len(parts) == 1 {
		switch o.op {
		case "add":
			return append(v, o.value), nil
		case "replace":
			return nil, fmt.Errorf("'path' with '-' can't be applied to 'replace' operation")
		}
		return nil, fmt.Errorf("invalid array index '-'")
	}
	i, err := strconv.Atoi(parts[0])
	if err != nil || strconv.Itoa(i) != parts[0] || i < 0 {
		return nil, fmt.Errorf("'%s' is not a valid sequence index", parts[0])
	}
	if len(parts) > 1 {
		if i >= len(v) {
			return nil, fmt.Errorf("index '%d' is out of bounds", i)
		}
		v[i], err = o.apply(v[i], parts[1:])
		return v, err
	}
	switch {
	case o.op == "add" && i > len(v):
		return nil, fmt.Errorf("can't insert outside of list")
	case o.op == "add":
		return append(v[:i:i], append([]any{o.value}, v[i:]...)...), nil
	case i >= len(v) && o.op == "replace":
		return nil, fmt.Errorf("can't replace outside of list")
	case i >= len(v):
		return nil, fmt.Errorf("can't remove a non-existent object '%d'", i)
	case o.op == "replace":
		v[i] = o.value
		return v, nil
	}
	return append(v[:i:i], v[i+1:]...), nil
}

func pythonType(v any) string {
	names := map[string]string{"null": "NoneType", "boolean": "bool", "string": "str", "integer": "int", "number": "float"}
	for _, t := range []string{"null", "boolean", "string", "integer", "number"} {
		if isType(v, t) {
			return "<class '" + names[t] + "'>"
		}
	}
	return "<class 'object'>"
}
