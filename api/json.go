package api

import (
	"strconv"
	"time"

	"ironhook/baremetal"
)

// Replies are appended to one buffer, without reflection, for lists of thousands
// of rows are asked for often. Free-form objects alone go through encoding/json.

func appendString(b []byte, s string) []byte { return append(appendInner(append(b, '"'), s), '"') }

// appendInner writes s as it stands between quotes.
func appendInner(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			quoted := encode(s)
			return append(b, quoted[1:len(quoted)-1]...)
		}
	}
	return append(b, s...)
}

// appendText writes "" as null.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

// appendTime writes a time the way Python's isoformat does; the zero time is null.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	layout := `"2006-01-02T15:04:05.000000-07:00"`
	if t.Nanosecond()/1000 == 0 {
		layout = `"2006-01-02T15:04:05-07:00"`
	}
	return t.UTC().AppendFormat(b, layout)
}

func appendTristate(b []byte, v *bool) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return strconv.AppendBool(b, *v)
}

func appendObject(b []byte, o baremetal.Object) []byte {
	if len(o) == 0 {
		return append(b, "{}"...)
	}
	return append(b, encode(o)...)
}

func appendMasked(b []byte, o baremetal.Object, masks baremetal.SecretKeys) []byte {
	if len(o) == 0 {
		return append(b, "{}"...)
	}
	return append(b, encode(masks.Mask(o))...)
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendLinks writes the two links of a resource: its path, here in parts, is behind
// /v1/ in the first and behind / in the second.
func appendLinks(b []byte, base string, path ...string) []byte {
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

// appendKey begins the next member of an object, the first too.
func appendKey(b []byte, key string) []byte {
	if last := b[len(b)-1]; last != '{' && last != '[' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

// document turns a value into the form that patches and schemas work on: objects
// as maps, numbers as json.Number.
func document(v any) any {
	doc, err := decode(encode(v))
	if err != nil {
		panic("api: own JSON does not parse: " + err.Error())
	}
	return doc
}

// asObject takes what a schema has proved to be an object or null.
func asObject(v any) baremetal.Object {
	o, _ := v.(map[string]any)
	return o
}
