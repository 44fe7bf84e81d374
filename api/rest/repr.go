package rest

import (
	"encoding/json"
	"math"

	"ironhook/internal/python"
)

// Repr writes a JSON value the way Python prints it. The members of a patch operation come in the order in which
// clients write them.
func Repr(v any) string { return python.Repr(v, "op", "path", "value") }

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
