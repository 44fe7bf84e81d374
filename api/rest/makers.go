package rest

import (
	"encoding/json"
	"strconv"
	"time"

	"ironhook/baremetal"
)

// The makers of fields, one for each type of member. The column has the field's name; at
// returns where in a row the value lies.

// TextField is a string, or null when it is empty.
func TextField[T any, S ~string](name string, since int, a Access, at func(*T) *S) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Column: name,
		Put:    func(b []byte, _ *Call, row *T) []byte { return AppendText(b, string(*at(row))) },
		Get:    func(row *T) any { return Text(*at(row)) },
		Set:    func(row *T, v any) { s, _ := v.(string); *at(row) = S(s) },
		Schema: &Schema{Types: []string{"string", "null"}}}
}

// OptionalField is a string or null, which is not the empty string.
func OptionalField[T any](name string, since int, a Access, at func(*T) **string) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Column: name,
		Put: func(b []byte, _ *Call, row *T) []byte {
			if *at(row) == nil {
				return append(b, "null"...)
			}
			return AppendString(b, **at(row))
		},
		Get: func(row *T) any {
			if p := *at(row); p != nil {
				return *p
			}
			return nil
		},
		Set: func(row *T, v any) {
			*at(row) = nil
			if s, ok := v.(string); ok {
				*at(row) = &s
			}
		},
		Schema: &Schema{Types: []string{"string", "null"}}}
}

// WordField is a string that is never null.
func WordField[T any](name string, since int, a Access, at func(*T) *string) Field[T] {
	f := TextField(name, since, a, at)
	f.Put = func(b []byte, _ *Call, row *T) []byte { return AppendString(b, *at(row)) }
	f.Get = func(row *T) any { return *at(row) }
	f.Schema = &Schema{Types: []string{"string"}}
	return f
}

// UUIDField is a UUID, nullable unless required.
func UUIDField[T any](name string, since int, a Access, at func(*T) *string) Field[T] {
	f := TextField(name, since, a, at)
	if a.has(Required) {
		f = WordField(name, since, a, at)
	}
	f.Check = &UUID
	return f
}

// FlagField is a boolean; clients may write it as any of oslo's words for one.
func FlagField[T any](name string, since int, a Access, at func(*T) *bool) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Column: name,
		Put:    func(b []byte, _ *Call, row *T) []byte { return strconv.AppendBool(b, *at(row)) },
		Get:    func(row *T) any { return *at(row) },
		Set:    func(row *T, v any) { *at(row), _ = v.(bool) },
		Schema: &Schema{Types: []string{"string", "boolean", "null"}}, Check: &Boolean}
}

// TristateField is a boolean or null.
func TristateField[T any](name string, since int, a Access, at func(*T) **bool) Field[T] {
	f := FlagField(name, since, a, func(row *T) *bool { return *at(row) })
	f.Put = func(b []byte, _ *Call, row *T) []byte { return AppendTristate(b, *at(row)) }
	f.Get = func(row *T) any {
		if p := *at(row); p != nil {
			return *p
		}
		return nil
	}
	f.Set = func(row *T, v any) {
		*at(row) = nil
		if set, ok := v.(bool); ok {
			*at(row) = &set
		}
	}
	return f
}

// NumberField is an integer.
func NumberField[T any](name string, since int, a Access, at func(*T) *int64) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Column: name,
		Put:    func(b []byte, _ *Call, row *T) []byte { return strconv.AppendInt(b, *at(row), 10) },
		Get:    func(row *T) any { return json.Number(strconv.FormatInt(*at(row), 10)) },
		Set:    func(row *T, v any) { n, _ := v.(json.Number); *at(row), _ = integer(n) },
		Schema: &Schema{Types: []string{"integer"}}}
}

// TimeField is a time that no client writes; the zero time is null.
func TimeField[T any](name string, since int, a Access, at func(*T) *time.Time) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Column: name,
		Put:    func(b []byte, _ *Call, row *T) []byte { return AppendTime(b, *at(row)) },
		Schema: &Schema{Types: []string{"string", "null"}}}
}

// Created is created_at, which every resource has.
func Created[T any](at func(*T) *time.Time) Field[T] { return TimeField("created_at", 1, 0, at) }

// Updated is updated_at, which every resource has.
func Updated[T any](at func(*T) *time.Time) Field[T] { return TimeField("updated_at", 1, 0, at) }

// ObjectField is a free-form object; null is written as an empty one.
func ObjectField[T any](name string, since int, a Access, at func(*T) *baremetal.Object) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a | Unsorted, Column: name,
		Put: func(b []byte, _ *Call, row *T) []byte { return AppendObject(b, *at(row)) },
		Get: func(row *T) any {
			if *at(row) == nil {
				return map[string]any{}
			}
			return JSONValue(*at(row))
		},
		Set:    func(row *T, v any) { *at(row) = AsObject(v) },
		Schema: &Schema{Types: []string{"object", "null"}}}
}

// SecretField is an object shown with the values of these keys masked.
func SecretField[T any](name string, since int, a Access, masks baremetal.SecretKeys, at func(*T) *baremetal.Object) Field[T] {
	f := ObjectField(name, since, a, at)
	f.Masks = masks
	f.Put = func(b []byte, _ *Call, row *T) []byte { return AppendMasked(b, *at(row), masks) }
	return f.With(&Schema{Types: f.Schema.Types, Secret: true})
}

// DerivedField is a member that no client writes and no column holds alone.
func DerivedField[T any](name string, since int, a Access, put func(b []byte, c *Call, row *T) []byte) Field[T] {
	return Field[T]{Name: name, Since: since, Access: a, Put: put}
}

// LinksField is the pair of links to a resource of the collection at path, or with suffix to
// something below it.
func LinksField[T any](name string, since int, a Access, path string, uuid func(*T) string, suffix string) Field[T] {
	f := DerivedField(name, since, a, func(b []byte, c *Call, row *T) []byte {
		return AppendLinks(b, c.Base, path, "/", uuid(row), suffix)
	})
	f.Schema = &Schema{Types: []string{"array"}, Items: link}
	return f
}

var link = &Schema{Types: []string{"object"}, Required: []string{"href", "rel"},
	Props: map[string]*Schema{"href": {Types: []string{"string"}}, "rel": {Types: []string{"string"}}}}
