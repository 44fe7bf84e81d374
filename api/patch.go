package api

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"ironhook/api/rest"
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

func (o operation) parts() []string { return o.neutral().Parts() }

func (o operation) neutral() rest.Operation {
	return rest.Operation{Op: o.op, Path: o.path, Value: o.value, HasValue: o.hasValue}
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
		err := rest.Patch(doc, []rest.Operation{op.neutral()})
		if why := (*rest.PatchError)(nil); errors.As(err, &why) {
			return invalid("Couldn't apply patch '%s'. Reason: %s", quote(op.raw), inPython(why))
		}
	}
	return nil
}

// inPython words why an operation does not apply as Python's jsonpatch does. A value is
// quoted by where it lies: what is below a secret key is secret, whatever its own keys are.
func inPython(e *rest.PatchError) string {
	key := e.Key()
	switch e.Reason {
	case rest.NoValue:
		return "The operation does not contain a 'value' member"
	case rest.NoContainer:
		return fmt.Sprintf("Document '%s' does not support indexing, must be mapping/sequence or support __getitem__", pythonType(e.At))
	case rest.NoMember:
		return fmt.Sprintf("member '%s' not found in %s", key, quoteAs(strings.Join(e.Parts[:len(e.Parts)-1], "/"), e.At))
	case rest.NoObject:
		return fmt.Sprintf("can't %s a non-existent object '%s'", e.Op.Op, key)
	case rest.NoIndex:
		return fmt.Sprintf("'%s' is not a valid sequence index", key)
	case rest.EndOfList:
		if e.Op.Op == "replace" {
			return "'path' with '-' can't be applied to 'replace' operation"
		}
		return "invalid array index '-'"
	case rest.OutOfBounds:
		return fmt.Sprintf("index '%s' is out of bounds", key)
	case rest.InsertOutside:
		return "can't insert outside of list"
	case rest.ReplaceOutside:
		return "can't replace outside of list"
	}
	return e.Error()
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
