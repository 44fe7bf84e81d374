package rest

import (
	"reflect"
	"slices"
	"strings"
)

// Fill makes a row of a posted body, in the form of [JSONValue]: the schema first, then
// versions, then the checks beyond the schema. A wrong value is a 400, one that is too new a 406.
func (r *Resource[T]) Fill(c *Call, body any, row *T) error {
	if err := r.creation.Check(r.Body, body); err != nil {
		return err
	}
	members := body.(map[string]any)
	if err := r.convert(members); err != nil {
		return err
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		v, ok := members[f.Name]
		if !ok {
			continue
		}
		null := v == nil || v == ""
		if _, err := f.unmask(v, nil); err != nil {
			return err
		}
		if f.Since > c.Minor && (r.Strict || !null) && !f.Access.has(Silent) || f.From > c.Minor && !null && !Equal(v, map[string]any{}) {
			return NotAcceptable(0)
		}
		f.Set(row, v)
	}
	return nil
}

// convert runs the checks beyond the schema on members, in place.
func (r *Resource[T]) convert(members map[string]any) error {
	for i := range r.Fields {
		f := &r.Fields[i]
		v, ok := members[f.Name]
		if !ok || v == nil || f.Check == nil {
			continue
		}
		checked, err := f.Check.Parse(f.Name, v)
		if err != nil {
			return err
		}
		members[f.Name] = checked
	}
	return nil
}

// Operations checks the argument "patch" as far as possible without the row: which fields
// it touches (400), and whether the microversion knows them (406).
func (r *Resource[T]) Operations(c *Call) ([]Operation, error) {
	if err := r.Patchable(c); err != nil {
		return nil, err
	}
	ops := Operations(c.Args["patch"])
	for _, op := range ops {
		for i := range r.Fields {
			f := &r.Fields[i]
			if max(f.Since, f.From) > c.Minor && op.Path == "/"+f.Name && op.Op != "remove" && !f.Access.has(Silent) {
				return nil, NotAcceptable(0)
			}
		}
	}
	return ops, nil
}

// Patchable checks which fields the argument "patch" touches.
func (r *Resource[T]) Patchable(c *Call) error {
	for _, op := range Operations(c.Args["patch"]) {
		if c.Minor < escapesSince && strings.Contains(op.Path, "~") {
			return Invalid("Schema error for patch: %s does not match %s", Quote(op.Path), Repr(patchPath))
		}
		if !slices.Contains(r.Allowed, op.Root()) {
			return CannotPatch(op, r.Allowed)
		}
	}
	return nil
}

// escapesSince is the microversion from which a patch may name keys that hold ~ or /.
const escapesSince = 98

// CannotPatch refuses an operation on a field that is not one of those that a PATCH may change.
func CannotPatch(op Operation, allowed []string) error {
	return Invalid("Cannot patch %s. Only the following can be updated: %s", op.Path, strings.Join(allowed, ", "))
}

// Apply patches row and returns the names of the fields that changed.
func (r *Resource[T]) Apply(ops []Operation, row *T) (changed []string, err error) {
	doc := map[string]any{}
	before := map[string]any{}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Get != nil {
			doc[f.Name], before[f.Name] = f.Get(row), f.Get(row)
		}
	}
	if err := applyPatch(doc, ops); err != nil {
		return nil, err
	}
	for name := range doc {
		if _, ok := r.patching.Props[name]; !ok {
			delete(doc, name)
		}
	}
	if err := r.patching.Check("patch", doc); err != nil {
		return nil, err
	}
	if err := r.convert(doc); err != nil {
		return nil, err
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if doc[f.Name], err = f.unmask(doc[f.Name], before[f.Name]); err != nil {
			return nil, err
		}
		if f.Access.has(Update) && !Equal(doc[f.Name], before[f.Name]) {
			f.Set(row, doc[f.Name])
			changed = append(changed, f.Name)
		}
	}
	return changed, nil
}

// Equal compares two values in the form of [JSONValue].
func Equal(a, b any) bool { return reflect.DeepEqual(a, b) }
