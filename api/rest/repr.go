package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strings"
	"unicode"
)

// Repr writes a JSON value the way Python prints it: Ironic's messages quote
// values so, and clients' tests compare them.
func Repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return reprString(v)
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = Repr(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case []string:
		parts := make([]any, len(v))
		for i, item := range v {
			parts[i] = item
		}
		return Repr(parts)
	case map[string]any:
		return reprObject(v)
	}
	return fmt.Sprint(v)
}

// members first in the order in which clients write a patch operation; the rest
// sorted, for a decoded object has lost its order.
var membersFirst = map[string]int{"op": -3, "path": -2, "value": -1}

func reprObject(o map[string]any) string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := membersFirst[keys[i]], membersFirst[keys[j]]
		return a < b || a == b && keys[i] < keys[j]
	})
	for i, k := range keys {
		keys[i] = reprString(k) + ": " + Repr(o[k])
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

func reprString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// Str is Python's str(): like Repr, except that a string is unchanged.
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// IsType reports whether a value in the form of [JSONValue] has this type of JSON Schema: null,
// boolean, integer, number, string, array or object.
func IsType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	case json.Number:
		return name == "number" || name == "integer" && isInteger(v)
	}
	return false
}

// integer reads a number that JSON Schema counts as an integer: 52.0 is one.
func integer(n json.Number) (int64, bool) {
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	f, err := n.Float64()
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

func isInteger(n json.Number) bool {
	_, ok := integer(n)
	return ok
}

// pythonType is Python's name for the type of v.
func pythonType(v any) string {
	for _, t := range [][2]string{{"null", "NoneType"}, {"boolean", "bool"}, {"string", "str"}, {"integer", "int"}, {"number", "float"}} {
		if IsType(v, t[0]) {
			return "<class '" + t[1] + "'>"
		}
	}
	return "<class 'object'>"
}
