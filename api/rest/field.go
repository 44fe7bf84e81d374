package rest

import (
	"slices"

	"ironhook/baremetal"
)

// Field is one member of a resource: how it is shown, and how a client may write it. Every
// behaviour that depends on the field is read from here.
type Field[T any] struct {
	Name   string
	Since  int // microversion that brought it
	From   int // microversion from which it may be written, where that came later
	Access Access
	Column string               // of the store, for reading and sorting; "" when it has none of its own
	Needs  []string             // columns that Put reads besides
	Hidden bool                 // written and never shown
	Masks  baremetal.SecretKeys // the keys in it that are masked
	// Put appends the JSON of the member to b. It is called for every row of a list.
	Put    func(b []byte, c *Call, row *T) []byte
	Get    func(row *T) any    // as PATCH sees it, in the form of [JSONValue]; nil: PATCH does not
	Set    func(row *T, v any) // v has passed Schema and Check
	Schema *Schema
	Check  *Kind // beyond the schema
}

// Access is how clients may use a field.
type Access uint16

// The kinds of access.
const (
	Brief    Access = 1 << iota // shown in lists that do not say otherwise
	Create                      // may stand in a POST
	Required                    // must
	Update                      // may be changed by a PATCH
	Implicit                    // cannot be named in "fields="
	Unsorted                    // cannot be sorted by, though it is a column
	Always                      // shown whatever "fields=" says
	Silent                      // may be named and written before its microversion, and is not shown
)

// has reports whether a and b have anything in common.
func (a Access) has(b Access) bool { return a&b != 0 }

// Max bounds the length of a string, in characters.
func (f Field[T]) Max(n int) Field[T] {
	s := *f.Schema
	s.Max = n
	f.Schema = &s
	return f
}

// With gives the field a schema of its own.
func (f Field[T]) With(s *Schema) Field[T] { f.Schema = s; return f }

// Checked gives the field a check beyond its schema.
func (f Field[T]) Checked(k *Kind) Field[T] { f.Check = k; return f }

// Writable is for a field that clients may write from a later microversion on only.
func (f Field[T]) Writable(from int) Field[T] { f.From = from; return f }

// NotSorted is for fields that Ironic keeps in another table: the column is read, and lists cannot
// be sorted by it.
func (f Field[T]) NotSorted() Field[T] {
	f.Column, f.Needs = "", append(f.Needs, f.Column)
	return f
}

// In names the column of a field.
func (f Field[T]) In(column string) Field[T] { f.Column = column; return f }

// Quiet takes a field out of the lists that do not ask for it.
func (f Field[T]) Quiet() Field[T] { f.Access &^= Brief; return f }

// unmask resolves the masks in a value that a client has sent.
func (f *Field[T]) unmask(given, kept any) (any, error) {
	if f.Masks == nil {
		return given, nil
	}
	return f.Masks.Unmask(f.Name, given, kept)
}

// names returns the names of the fields that any of a applies to, sorted.
func names[T any](fields []Field[T], a Access) []string {
	var list []string
	for _, f := range fields {
		if f.Access.has(a) {
			list = append(list, f.Name)
		}
	}
	slices.Sort(list)
	return list
}
