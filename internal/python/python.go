// Package python writes JSON values as Python prints them. Ironic's messages quote values so, its client's
// tables show them so, and tests of both compare them.
package python

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Repr is Python's repr() of a value as encoding/json makes it, of named types of such, and of strings in a
// slice. A decoded object has lost its order: members come by name, but for those that first names.
func Repr(v any, first ...string) string { return string(appendRepr(nil, v, first)) }

// Str is Python's str(): like Repr, except that a string is unchanged.
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

func appendRepr(b []byte, v any, first []string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "None"...)
	case bool:
		return append(b, map[bool]string{true: "True", false: "False"}[v]...)
	case string:
		return appendString(b, v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 { // a number without a fraction, as JSON has it
			return strconv.AppendInt(b, int64(v), 10)
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case fmt.Stringer: // a number with its digits, and what has a text of its own
		return append(b, v.String()...)
	case map[string]any:
		return appendObject(b, v, first)
	case []any:
		return appendList(b, len(v), func(i int) any { return v[i] }, first)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice:
		return appendList(b, r.Len(), func(i int) any { return r.Index(i).Interface() }, first)
	case reflect.Map:
		if object, ok := r.Convert(reflect.TypeFor[map[string]any]()).Interface().(map[string]any); ok {
			return appendObject(b, object, first)
		}
	}
	return fmt.Append(b, v)
}

func appendList(b []byte, n int, at func(i int) any, first []string) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendRepr(b, at(i), first)
	}
	return append(b, ']')
}

func appendObject(b []byte, o map[string]any, first []string) []byte {
	names := slices.Concat(first, slices.Sorted(maps.Keys(o)))
	b = append(b, '{')
	some := false
	for i, name := range names {
		v, ok := o[name]
		if !ok || i >= len(first) && slices.Contains(first, name) {
			continue
		}
		if some {
			b = append(b, ", "...)
		}
		some = true
		b = appendRepr(append(appendString(b, name), ": "...), v, first)
	}
	return append(b, '}')
}

// escapes are the characters that have a short form.
var escapes = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\\': `\\`}

func appendString(b []byte, s string) []byte {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b = append(b, byte(quote))
	for _, r := range s {
		short, ok := escapes[r]
		switch {
		case ok:
			b = append(b, short...)
		case r == quote:
			b = append(b, '\\', byte(quote))
		case unicode.IsPrint(r):
			b = append(b, string(r)...)
		case r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return append(b, byte(quote))
}
