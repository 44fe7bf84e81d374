package python

import (
	"encoding/json"
	"testing"
)

// What Python 3.11 prints for each.
func TestRepr(t *testing.T) {
	type object map[string]any
	for want, v := range map[string]any{
		"None": nil, "True": true, "'a'": "a", `"it's"`: "it's", `'it\'s "x"'`: `it's "x"`, `'\\n\n'`: "\\n\n",
		`'\x00\x7f\xa0é'`:    "\x00\x7f\u00a0é",
		`'\u2028\U000e0001'`: "\u2028\U000e0001",
		"5":                  float64(5), "5.5": 5.5, "1.0": json.Number("1.0"), "7": 7, "[1, 'a', []]": []any{json.Number("1"), "a", []any{}},
		"['a', 'b']": []string{"a", "b"},
		"{}":         map[string]any{}, "{'a': None, 'b': {'c': 1}}": object{"b": object{"c": 1}, "a": nil}, "[{'a': 1}]": []object{{"a": 1}},
	} {
		if got := Repr(v); got != want {
			t.Errorf("Repr(%#v) = %s, want %s", v, got, want)
		}
	}
	o := map[string]any{"value": 1, "path": "/x", "op": "add", "a": 2}
	if got, want := Repr(o, "op", "path", "from", "value"), "{'op': 'add', 'path': '/x', 'value': 1, 'a': 2}"; got != want {
		t.Errorf("Repr = %s, want %s", got, want)
	}
	if got := Str("it's"); got != "it's" {
		t.Errorf("Str = %s", got)
	}
}
