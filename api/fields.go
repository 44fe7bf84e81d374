package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"ironhook/baremetal"
)

// A field is one member of a resource: how it is shown, and how a client may
// write it. Every behaviour that depends on the field is read from here.
type field[T any] struct {
	name   string
	since  int // microversion that brought it
	from   int // microversion from which it may be written, where that came later
	access access
	column string               // of the store, for reading and sorting; "" when it has none of its own
	needs  []string             // columns that put reads besides
	hidden bool                 // written and never shown
	masks  baremetal.SecretKeys // what of it is shown masked
	put    func(b []byte, c *call, row *T) []byte
	get    func(row *T) any    // as PATCH sees it
	set    func(row *T, v any) // v has passed schema and check
	schema *schema
	check  *kind // beyond the schema
}

// access says what clients may do with a field.
type access uint8

const (
	brief    access = 1 << iota // shown in lists that do not say otherwise
	create                      // may stand in a POST
	required                    // must
	patch                       // may be changed by a PATCH
	implicit                    // cannot be named in "fields="
	unsorted                    // cannot be sorted by, though it is a column
	always                      // shown whatever "fields=" says
	silent                      // may be named in "fields=" before its microversion, and is not shown
)

func (a access) has(b access) bool { return a&b != 0 }

// The makers of fields, one for each type of member.

func text[T any, S ~string](name string, since int, a access, at func(*T) *S) field[T] {
	return field[T]{name: name, since: since, access: a, column: name,
		put:    func(b []byte, _ *call, row *T) []byte { return appendText(b, string(*at(row))) },
		get:    func(row *T) any { return orNull(string(*at(row))) },
		set:    func(row *T, v any) { s, _ := v.(string); *at(row) = S(s) },
		schema: &schema{types: []string{"string", "null"}}}
}

// word is a text that is never null.
func word[T any](name string, since int, a access, at func(*T) *string) field[T] {
	f := text(name, since, a, at)
	f.put = func(b []byte, _ *call, row *T) []byte { return appendString(b, *at(row)) }
	f.get = func(row *T) any { return *at(row) }
	f.schema = &schema{types: []string{"string"}}
	return f
}

// ident is a UUID, nullable unless required.
func ident[T any](name string, since int, a access, at func(*T) *string) field[T] {
	f := text(name, since, a, at)
	if a.has(required) {
		f = word(name, since, a, at)
	}
	f.check = &aUUID
	return f
}

func flag[T any](name string, since int, a access, at func(*T) *bool) field[T] {
	return field[T]{name: name, since: since, access: a, column: name,
		put:    func(b []byte, _ *call, row *T) []byte { return strconv.AppendBool(b, *at(row)) },
		get:    func(row *T) any { return *at(row) },
		set:    func(row *T, v any) { *at(row), _ = v.(bool) },
		schema: &schema{types: []string{"string", "boolean", "null"}}, check: &aBoolean}
}

func tristate[T any](name string, since int, a access, at func(*T) **bool) field[T] {
	f := flag(name, since, a, func(row *T) *bool { return *at(row) })
	f.put = func(b []byte, _ *call, row *T) []byte { return appendTristate(b, *at(row)) }
	f.get = func(row *T) any {
		if p := *at(row); p != nil {
			return *p
		}
		return nil
	}
	f.set = func(row *T, v any) {
		*at(row) = nil
		if set, ok := v.(bool); ok {
			*at(row) = &set
		}
	}
	return f
}

func number[T any](name string, since int, a access, at func(*T) *int64) field[T] {
	return field[T]{name: name, since: since, access: a, column: name,
		put:    func(b []byte, _ *call, row *T) []byte { return strconv.AppendInt(b, *at(row), 10) },
		get:    func(row *T) any { return json.Number(strconv.FormatInt(*at(row), 10)) },
		set:    func(row *T, v any) { n, _ := v.(json.Number); *at(row), _ = n.Int64() },
		schema: &schema{types: []string{"integer"}}}
}

func stamp[T any](name string, since int, a access, at func(*T) *time.Time) field[T] {
	return field[T]{name: name, since: since, access: a, column: name,
		put:    func(b []byte, _ *call, row *T) []byte { return appendTime(b, *at(row)) },
		schema: &schema{types: []string{"string", "null"}}}
}

type timeOf = time.Time

// created and updated are the times that every resource has.
func created[T any](at func(*T) *time.Time) field[T] { return stamp("created_at", 1, 0, at) }
func updated[T any](at func(*T) *time.Time) field[T] { return stamp("updated_at", 1, 0, at) }

func object[T any](name string, since int, a access, at func(*T) *baremetal.Object) field[T] {
	return field[T]{name: name, since: since, access: a | unsorted, column: name,
		put:    func(b []byte, _ *call, row *T) []byte { return appendObject(b, *at(row)) },
		get:    func(row *T) any { return document(orEmpty(*at(row))) },
		set:    func(row *T, v any) { *at(row) = asObject(v) },
		schema: &schema{types: []string{"object", "null"}}}
}

// secret is an object shown without its secrets.
func secret[T any](name string, since int, a access, masks baremetal.SecretKeys, at func(*T) *baremetal.Object) field[T] {
	f := object(name, since, a, at)
	f.masks = masks
	f.put = func(b []byte, _ *call, row *T) []byte { return appendMasked(b, *at(row), masks) }
	return f.with(&schema{types: f.schema.types, secret: true})
}

// derived is a member that no client writes and no column holds alone.
func derived[T any](name string, since int, a access, put func(b []byte, c *call, row *T) []byte) field[T] {
	return field[T]{name: name, since: since, access: a, put: put}
}

// links is the pair of links to a resource, or with suffix to something below it.
func links[T any](name string, since int, a access, path string, uuid func(*T) string, suffix string) field[T] {
	f := derived(name, since, a, func(b []byte, c *call, row *T) []byte {
		return appendLinks(b, c.base, path, "/", uuid(row), suffix)
	})
	f.schema = &schema{types: []string{"array"}, items: link}
	return f
}

var link = &schema{types: []string{"object"}, required: []string{"href", "rel"},
	props: map[string]*schema{"href": {types: []string{"string"}}, "rel": {types: []string{"string"}}}}

func (f field[T]) max(n int) field[T] {
	s := *f.schema
	s.max = n
	f.schema = &s
	return f
}

func (f field[T]) with(s *schema) field[T] { f.schema = s; return f }

func (f field[T]) checked(k *kind) field[T] { f.check = k; return f }

func (f field[T]) writable(from int) field[T] { f.from = from; return f }

// notSorted is for what Ironic keeps in another table: one does not sort by it.
func (f field[T]) notSorted() field[T] {
	f.column, f.needs = "", append(f.needs, f.column)
	return f
}

func (f field[T]) in(column string) field[T] { f.column = column; return f }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orEmpty(o baremetal.Object) baremetal.Object {
	if o == nil {
		return baremetal.Object{}
	}
	return o
}

// equal compares two values in the form of document.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// briefly names the fields that lists show by default, in the order of links.
func (r *resource[T]) briefly() []string {
	if r.brief != nil {
		return r.brief
	}
	var list []string
	for _, f := range r.fields {
		if f.access.has(brief) {
			list = append(list, f.name)
		}
	}
	return list
}

// names returns the names of the fields that any of a applies to, sorted.
func names[T any](fields []field[T], a access) []string {
	var list []string
	for _, f := range fields {
		if f.access.has(a) {
			list = append(list, f.name)
		}
	}
	slices.Sort(list)
	return list
}

// quiet takes a field out of the lists that do not ask for it.
func (f field[T]) quiet() field[T] { f.access &^= brief; return f }
