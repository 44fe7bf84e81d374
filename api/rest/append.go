package rest

import (
	"strconv"
	"time"

	"ironhook/baremetal"
)

// Replies are appended to one buffer, without reflection: lists of thousands of rows are
// asked for often. Free-form objects alone go through encoding/json.

// AppendString writes a JSON string.
func AppendString(b []byte, s string) []byte { return append(appendInner(append(b, '"'), s), '"') }

// appendInner writes s as it appears between quotes.
func appendInner(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			quoted := Encode(s)
			return append(b, quoted[1:len(quoted)-1]...)
		}
	}
	return append(b, s...)
}

// AppendText writes "" as null.
func AppendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return AppendString(b, s)
}

// AppendTime writes a time as Python's isoformat does, which Ironic shows; the zero time
// is null.
func AppendTime(b []byte, t time.Time) []byte { return baremetal.AppendTime(b, t) }

// AppendTristate writes true, false, or null for a nil pointer.
func AppendTristate(b []byte, v *bool) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return strconv.AppendBool(b, *v)
}

// AppendObject writes an object; nil is an empty one.
func AppendObject(b []byte, o baremetal.Object) []byte {
	if len(o) == 0 {
		return append(b, "{}"...)
	}
	return append(b, Encode(o)...)
}

// AppendMasked is AppendObject with the values of secret keys masked.
func AppendMasked(b []byte, o baremetal.Object, masks baremetal.SecretKeys) []byte {
	if len(o) == 0 {
		return append(b, "{}"...)
	}
	return append(b, Encode(masks.Mask(o))...)
}

// AppendStrings writes a list of strings; nil is an empty one.
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}

// AppendLinks writes the two links of a resource: its path, here in parts, follows
// /v1/ in the first and / in the second.
func AppendLinks(b []byte, base string, path ...string) []byte {
	b = append(b, `[{"href":"`...)
	b = appendAll(append(appendInner(b, base), "/v1/"...), path)
	b = append(b, `","rel":"self"},{"href":"`...)
	b = appendAll(append(appendInner(b, base), '/'), path)
	return append(b, `","rel":"bookmark"}]`...)
}

func appendAll(b []byte, parts []string) []byte {
	for _, s := range parts {
		b = appendInner(b, s)
	}
	return b
}

// AppendKey begins the next member of an object, the first too.
func AppendKey(b []byte, key string) []byte {
	if last := b[len(b)-1]; last != '{' && last != '[' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

// JSONValue turns a value into the form that patches and schemas work on: objects
// as maps, numbers as json.Number.
func JSONValue(v any) any {
	doc, err := Decode(Encode(v))
	if err != nil {
		panic("rest: own JSON does not parse: " + err.Error())
	}
	return doc
}

// AsObject takes what a schema has proved to be an object or null.
func AsObject(v any) baremetal.Object {
	o, _ := v.(map[string]any)
	return o
}
