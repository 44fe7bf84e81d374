package rest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"ironhook/baremetal"
)

// patchPath is the form of a path in Ironic's words, which know no escapes.
const patchPath = `^(/[\w-]+)+$`

var patchSchema = &Schema{Types: []string{"array"}, Items: &Schema{
	Types: []string{"object"},
	Props: map[string]*Schema{
		"path":  {Types: []string{"string"}, Pattern: regexp.MustCompile(`^(/([\pL\pN_-]|~[01])+)+$`), Source: patchPath},
		"op":    {Types: []string{"string"}, Enum: []any{"add", "replace", "remove"}},
		"value": {},
	},
	Order:    []string{"path", "op", "value"},
	Required: []string{"op", "path"},
	Closed:   true,
}}

// JSONPatch is the kind of the argument that holds a whole patch, see [Operations].
var JSONPatch = Kind{func(name string, v any) (any, error) { return v, patchSchema.Check(name, v) }, "array"}

// Operations reads the value of an argument of the kind [JSONPatch].
func Operations(v any) []Operation {
	list, _ := v.([]any)
	ops := make([]Operation, len(list))
	for i := range list {
		o := list[i].(map[string]any)
		ops[i] = Operation{Op: o["op"].(string), Path: o["path"].(string)}
		ops[i].Value, ops[i].HasValue = o["value"]
	}
	return ops
}

// Assigned are the fields that the operations set at the root, as a body would; nil is one
// that they remove.
func Assigned(ops []Operation) baremetal.Object {
	fields := baremetal.Object{}
	for _, op := range ops {
		if parts := op.Parts(); len(parts) == 1 {
			fields[parts[0]] = op.Value
		}
	}
	return fields
}

// applyPatch runs the operations on doc in order, in place. The error names the
// operation that could not be applied; doc is then of no use.
func applyPatch(doc map[string]any, ops []Operation) error {
	for _, op := range ops {
		if parts := op.Parts(); op.Op == "add" && len(parts) == 1 {
			if _, ok := doc[parts[0]]; !ok {
				return Invalid("Adding a new attribute (%s) to the root of the resource is not allowed", op.Path)
			}
		}
	}
	err := Patch(doc, ops)
	if why := (*PatchError)(nil); errors.As(err, &why) {
		return Invalid("Couldn't apply patch '%s'. Reason: %s", Quote(asSent(why.Op)), inPython(why))
	}
	return err
}

// asSent is the operation as the client wrote it.
func asSent(o Operation) map[string]any {
	sent := map[string]any{"op": o.Op, "path": o.Path}
	if o.HasValue {
		sent["value"] = o.Value
	}
	return sent
}

// inPython words why an operation does not apply as Python's jsonpatch does. A value is
// quoted by its place: everything below a secret key is secret, whatever its own keys are.
func inPython(e *PatchError) string {
	key := e.Key()
	switch e.Reason {
	case NoValue:
		return "The operation does not contain a 'value' member"
	case NoContainer:
		return fmt.Sprintf("Document '%s' does not support indexing, must be mapping/sequence or support __getitem__", pythonType(e.At))
	case NoMember:
		return fmt.Sprintf("member '%s' not found in %s", key, QuoteAs(strings.Join(e.Parts[:len(e.Parts)-1], "/"), e.At))
	case NoObject:
		return fmt.Sprintf("can't %s a non-existent object '%s'", e.Op.Op, key)
	case NoIndex:
		return fmt.Sprintf("'%s' is not a valid sequence index", key)
	case EndOfList:
		if e.Op.Op == "replace" {
			return "'path' with '-' can't be applied to 'replace' operation"
		}
		return "invalid array index '-'"
	case OutOfBounds:
		return fmt.Sprintf("index '%s' is out of bounds", key)
	case InsertOutside:
		return "can't insert outside of list"
	case ReplaceOutside:
		return "can't replace outside of list"
	}
	return e.Error()
}
