package rest

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestKinds holds each kind to what it takes, what it gives, and what it refuses.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name string
		kind Kind
		in   string // JSON
		want any    // nil: refused with
		text string
	}{
		{"s", String, `"a"`, "a", ""}, {"s", String, `1`, nil, "Expected string for s: 1"},
		{"b", Boolean, `" ON "`, true, ""}, {"b", Boolean, `0`, false, ""}, {"b", Boolean, `"2"`, nil, "Invalid b: Unrecognized value '2'"},
		{"i", Integer, `"7"`, 7, ""}, {"i", Integer, `true`, 1, ""}, {"i", Integer, `1.5`, nil, "Expected an integer for i: 1.5"},
		{"u", UUID, `"c0ffee00-0000-4000-8000-000000000001"`, "c0ffee00-0000-4000-8000-000000000001", ""},
		{"u", UUID, `"x"`, nil, "Expected UUID for u: x"},
		{"n", Name, `"pc-1"`, "pc-1", ""}, {"n", Name, `"a b"`, nil, "Expected name for n: a b"},
		{"n", Ident, `"pc-1"`, "pc-1", ""}, {"n", Ident, `{}`, nil, "Expected UUID or name for n: {}"},
		{"l", Words, `"B,a, b"`, []string{"b", "a"}, ""}, {"l", Words, `1`, nil, "Expected string for l: 1"},
		{"m", MAC, `"52:54:00:AB:00:01"`, "52:54:00:ab:00:01", ""}, {"m", MAC, `"52-54-00-AB-00-01"`, nil, "Expected valid MAC address for m"},
		{"d", Typed("dict", "str"), `"x"`, "x", ""},
		{"d", Typed("dict", "str"), `1`, nil, "Expected types <class 'NoneType'>, <class 'dict'>, <class 'str'> for d: 1"},
		{"password", String, `["s3"]`, nil, "Expected string for password: ******"},
	} {
		in, err := Decode([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.kind.Parse(c.name, in)
		if c.want != nil && (err != nil || !reflect.DeepEqual(got, c.want)) {
			t.Errorf("%s of %s = %v, %v, want %v", c.name, c.in, got, err, c.want)
		}
		if c.want == nil && (err == nil || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s of %s = %v, %v, want the error %s", c.name, c.in, got, err, c.text)
		}
	}
}

// TestSchema holds the breaches to the words of jsonschema 4.17 (Python).
func TestSchema(t *testing.T) {
	one := 1
	word := &Schema{Types: []string{"string"}, Min: 2, Max: 4, Pattern: regexp.MustCompile(`^[a-z]+$`)}
	object := &Schema{Types: []string{"object"}, Closed: true, Required: []string{"w"}, Props: map[string]*Schema{
		"w": word, "n": {Types: []string{"integer"}, Least: &one}, "l": {Types: []string{"array"}, MinItems: 1, Items: word},
		"s": {Types: []string{"object"}, Secret: true},
	}}
	either := &Schema{AnyOf: []*Schema{{Types: []string{"null"}}, {Types: []string{"object"}, Required: []string{"a"}}}}
	for _, c := range []struct {
		s        *Schema
		in, want string
	}{
		{word, `"abc"`, ""}, {word, `"a"`, "'a' is too short"}, {word, `"abcde"`, "'abcde' is too long"},
		{word, `"A1"`, "'A1' does not match '^[a-z]+$'"},
		{word, `null`, "None is not of type 'string'"}, {word, `true`, "True is not of type 'string'"},
		{object, `{"w":"ab","n":1,"l":["ab"],"s":{}}`, ""}, {object, `{}`, "'w' is a required property"},
		{object, `{"w":"ab","n":0}`, "0 is less than the minimum of 1"}, {object, `{"w":"ab","n":1.5}`, "1.5 is not of type 'integer'"},
		{object, `{"w":"ab","l":[]}`, "[] should be non-empty"},
		{object, `{"w":"ab","x":1,"y":2}`, "Additional properties are not allowed ('x', 'y' were unexpected)"},
		{object, `{"w":"ab","s":["s3"]}`, "****** is not of type 'object'"},
		{either, `null`, ""}, {either, `{"a":1}`, ""}, {either, `{}`, "'a' is a required property"},
		{either, `1`, "1 is not valid under any of the given schemas. Possible root cause: 1 is not of type 'null'"},
	} {
		v, err := Decode([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := c.s.Check("x", v); err != nil {
			got = strings.TrimPrefix(err.Error(), "Schema error for x: ")
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}

// TestRepr holds the forms to those of Python 3.
func TestRepr(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`null`, "None"}, {`true`, "True"}, {`1.50`, "1.50"}, {`"it's"`, `"it's"`}, {`"it's \"so\""`, `'it\'s "so"'`},
		{`"a\n\u0001\u00e9\u200b"`, `'a\n\x01é\u200b'`}, {`[1,"a"]`, "[1, 'a']"},
		{`{"value":1,"path":"/a","op":"add"}`, "{'op': 'add', 'path': '/a', 'value': 1}"},
	} {
		v, err := Decode([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		if got := Repr(v); got != c.want {
			t.Errorf("Repr(%s) = %s, want %s", c.in, got, c.want)
		}
	}
}

// TestQuote holds that an error quotes no secret, wherever it lies.
func TestQuote(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"ipmi_password":"s3","a":1}`, "{'a': 1, 'ipmi_password': '******'}"},
		{`[{"op":"add","path":"/driver_info/password","value":{"x":"s3"}}]`,
			"[{'op': 'add', 'path': '/driver_info/password', 'value': '******'}]"},
		{`"http://u:s3@h/"`, "'http://u:******@h/'"},
	} {
		v, err := Decode([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		if got := Quote(v); got != c.want {
			t.Errorf("Quote(%s) = %s, want %s", c.in, got, c.want)
		}
	}
}
