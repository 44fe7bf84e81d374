package blockstorage

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"ironhook/baremetal"
)

// schema is the form of a request's body, or of the arguments of an action.
type schema struct {
	fields   []field
	required []string
	anyOf    []string // of these one must be there
	anyFrom  int      // from this microversion on
	openTo   int      // below this microversion other members pass, as in Cinder
}

// field is one member of a body. It is known from a microversion on.
type field struct {
	name  string
	since int
	kind  kind
}

// kind is what a member may be: it returns the value as handlers read it, and whether
// the value is one.
type kind struct {
	wants string
	read  func(v any) (any, bool)
}

// values are the members of a body that has been checked. A member that is null is
// there and has the zero value of its kind.
type values map[string]any

// value returns a member, or the zero value where the body has none.
func value[T any](v values, name string) T {
	t, _ := v[name].(T)
	return t
}

func (v values) has(name string) bool {
	_, ok := v[name]
	return ok
}

// check holds an object against the schema.
func (s *schema) check(minor int, what string, object map[string]any) (values, error) {
	out := values{}
	for name, v := range object {
		at := slices.IndexFunc(s.fields, func(f field) bool { return f.name == name && f.since <= minor })
		if at < 0 {
			if minor < s.openTo {
				continue
			}
			return nil, baremetal.Errorf(baremetal.ErrInvalid,
				"Invalid input for field/attribute %s: additional properties are not allowed ('%.64s' was unexpected)", what, name)
		}
		read, ok := s.fields[at].kind.read(v)
		if !ok {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field/attribute %s: it must be %s", name, s.fields[at].kind.wants)
		}
		out[name] = read
	}
	for _, name := range s.required {
		if !out.has(name) {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field/attribute %s: '%s' is a required property", what, name)
		}
	}
	if len(s.anyOf) > 0 && minor >= s.anyFrom && !slices.ContainsFunc(s.anyOf, out.has) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field/attribute %s: one of %s is required", what,
			strings.Join(s.anyOf, ", "))
	}
	return out, nil
}

// The kinds.
var (
	aText     = kind{"a string of at most 255 characters, or null", readText}
	aName     = kind{"a string of 1 to 255 characters", readName}
	aWord     = kind{"a string of at most 255 characters", readShort}
	aSize     = kind{"an integer of 1 or more, or its digits", readSize}
	aFlag     = kind{"true or false", readFlag}
	aUUID     = kind{"a UUID", readUUID}
	anObject  = kind{"an object", func(v any) (any, bool) { o, ok := v.(map[string]any); return o, ok }}
	anything  = kind{"anything", func(v any) (any, bool) { return v, true }}
	someItems = kind{"an object of strings: keys of 1 to 255 of a-z, A-Z, 0-9 and -_:. /, values of at most 255 characters",
		readMetadata(maxText)}
	longItems = kind{"an object of strings: keys of 1 to 255 of a-z, A-Z, 0-9 and -_:. /, values of at most 65535 bytes",
		readMetadata(math.MaxUint16)}
)

// orNull lets null pass as well.
func orNull(k kind) kind {
	return kind{k.wants + ", or null", func(v any) (any, bool) {
		if v == nil {
			return nil, true
		}
		return k.read(v)
	}}
}

// oneOf is one of these words.
func oneOf(words ...string) kind {
	return kind{"one of " + strings.Join(words, ", "), func(v any) (any, bool) {
		s, ok := v.(string)
		return s, ok && slices.Contains(words, s)
	}}
}

// readText trims, as Cinder does before it counts.
func readText(v any) (any, bool) {
	if v == nil {
		return "", true
	}
	s, ok := v.(string)
	return strings.TrimSpace(s), ok && utf8.RuneCountInString(strings.TrimSpace(s)) <= maxText
}

func readShort(v any) (any, bool) {
	s, ok := v.(string)
	return s, ok && utf8.RuneCountInString(s) <= maxText
}

func readName(v any) (any, bool) {
	s, ok := v.(string)
	return s, ok && s != "" && utf8.RuneCountInString(s) <= maxText
}

func readSize(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.ParseUint(v, 10, 31)
		return int64(n), err == nil && n > 0
	case json.Number:
		n, ok := integer(v)
		return n, ok && n > 0 && n <= math.MaxInt32
	}
	return nil, false
}

// integer reads what JSON Schema counts as one: 52.0 and 5.2e1 are 52.
func integer(n json.Number) (int64, bool) {
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	f, err := n.Float64()
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) <= 1<<53
}

var flags = map[string]bool{
	"true": true, "1": true, "on": true, "yes": true, "y": true, "t": true,
	"false": false, "0": false, "off": false, "no": false, "n": false, "f": false,
}

func readFlag(v any) (any, bool) {
	if b, ok := v.(bool); ok {
		return b, true
	}
	s, ok := v.(string)
	b, known := flags[strings.ToLower(s)]
	return b, ok && known
}

// readUUID lets pass what Python's uuid reads, and returns it as it is stored.
func readUUID(v any) (any, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	u, err := uuid.Parse(s)
	return u.String(), err == nil
}

var metadataKey = regexp.MustCompile(`^[a-zA-Z0-9_:. /-]{1,255}$`)

func readMetadata(most int) func(v any) (any, bool) {
	return func(v any) (any, bool) {
		object, ok := v.(map[string]any)
		if !ok || len(object) > maxKeys {
			return nil, false
		}
		out := make(map[string]string, len(object))
		for k, v := range object {
			s, ok := v.(string)
			if !ok || !metadataKey.MatchString(k) || utf8.RuneCountInString(s) > most {
				return nil, false
			}
			out[k] = s
		}
		return out, true
	}
}
