package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ironhook/baremetal"
)

// schema is the part of JSON Schema that the API's bodies need. check speaks with
// the words of Python's jsonschema, which Ironic passes on to its clients.
type schema struct {
	types    []string // null, boolean, integer, number, string, array, object; none is any
	props    map[string]*schema
	order    []string // names of props in the order of checking; none is sorted
	required []string
	closed   bool // no other properties
	items    *schema
	minItems int
	enum     []any
	pattern  *regexp.Regexp
	source   string // the pattern as Python wrote it, where that differs
	min, max int    // length of a string in characters; 0 is no bound
	least    *int   // of a number
	anyOf    []*schema
	secret   bool // errors do not quote the value
}

// breach is one way in which a value breaks its schema.
type breach struct {
	depth   int
	message string
	anyOf   bool
	kin     bool // the value has one of the schema's types
	context []breach
}

// check returns nil, or ErrInvalid with the most telling breach as Ironic words it.
func (s *schema) check(name string, v any) error {
	worst := s.breaches(v, 0, nil)
	if len(worst) == 0 {
		return nil
	}
	b := bestMatch(worst)
	text := fmt.Sprintf("Schema error for %s: %s", name, b.message)
	cause := ""
	for current := b; len(current.context) > 0; {
		current = bestMatch(current.context)
		cause = current.message
	}
	if cause != "" {
		text += ". Possible root cause: " + cause
	}
	return invalid("%s", text)
}

// bestMatch is jsonschema.exceptions.best_match: the shallowest breach, anyOf
// last; of an anyOf the one inner breach that stands out as deepest.
func bestMatch(all []breach) breach {
	best := slices.MaxFunc(all, func(a, b breach) int {
		// MaxFunc keeps the first of equals, as Python's max does.
		return compareBreach(a, b)
	})
	for len(best.context) > 0 {
		inner := slices.SortedStableFunc(slices.Values(best.context), compareBreach)
		if len(inner) > 1 && compareBreach(inner[0], inner[1]) == 0 {
			return best
		}
		best = inner[0]
	}
	return best
}

func compareBreach(a, b breach) int {
	if a.depth != b.depth {
		return b.depth - a.depth
	}
	if a.anyOf != b.anyOf {
		if a.anyOf {
			return -1
		}
		return 1
	}
	if a.kin != b.kin {
		if a.kin {
			return -1
		}
		return 1
	}
	return 0
}

// breaches lists every breach of s by v, in the order of jsonschema's keywords.
func (s *schema) breaches(v any, depth int, found []breach) (all []breach) {
	first := len(found)
	kin := slices.ContainsFunc(s.types, func(t string) bool { return isType(v, t) })
	defer func() {
		for i := range found[first:] {
			if b := &found[first+i]; b.depth == depth {
				b.kin = kin
			}
		}
	}()
	say := func(format string, args ...any) {
		found = append(found, breach{depth: depth, message: fmt.Sprintf(format, args...)})
	}
	if len(s.types) > 0 && !kin {
		say("%s is not of type '%s'", s.quote(v), strings.Join(s.types, "', '"))
	}
	switch v := v.(type) {
	case string:
		found = s.checkString(v, depth, found)
	case map[string]any:
		found = s.checkObject(v, depth, found)
	case []any:
		if len(v) < s.minItems {
			say("%s is too short", s.quote(v))
		}
		if s.items != nil {
			for _, item := range v {
				found = s.items.breaches(item, depth+1, found)
			}
		}
	case json.Number:
		if n, err := v.Int64(); s.least != nil && err == nil && n < int64(*s.least) {
			say("%s is less than the minimum of %d", v, *s.least)
		}
	}
	if s.enum != nil && !slices.Contains(s.enum, comparable(v)) {
		say("%s is not one of %s", s.quote(v), repr(s.enum))
	}
	if s.anyOf != nil {
		found = s.checkAnyOf(v, depth, found)
	}
	return found
}

// quote prints the value that breaks s.
func (s *schema) quote(v any) string {
	if text := quote(v); !s.secret || slices.Contains([]string{"None", "''", "[]", "{}"}, text) {
		return text
	}
	return baremetal.Mask
}

// comparable keeps slices.Contains from comparing what cannot be compared.
func comparable(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		return struct{}{}
	}
	return v
}

func (s *schema) checkString(v string, depth int, found []breach) []breach {
	n := utf8.RuneCountInString(v)
	switch {
	case s.max > 0 && n > s.max:
		found = append(found, breach{depth: depth, message: s.quote(v) + " is too long"})
	case n < s.min:
		found = append(found, breach{depth: depth, message: s.quote(v) + " is too short"})
	}
	if s.pattern != nil && !s.pattern.MatchString(v) {
		source := s.source
		if source == "" {
			source = s.pattern.String()
		}
		found = append(found, breach{depth: depth, message: fmt.Sprintf("%s does not match %s", s.quote(v), reprString(source))})
	}
	return found
}

func (s *schema) checkObject(v map[string]any, depth int, found []breach) []breach {
	names := s.order
	if names == nil {
		names = sortedKeys(s.props)
	}
	for _, name := range names {
		if value, ok := v[name]; ok {
			found = s.props[name].breaches(value, depth+1, found)
		}
	}
	for _, name := range s.required {
		if _, ok := v[name]; !ok {
			found = append(found, breach{depth: depth, message: fmt.Sprintf("%s is a required property", reprString(name))})
		}
	}
	if !s.closed {
		return found
	}
	var extra []string
	for _, name := range sortedKeys(v) {
		if _, ok := s.props[name]; !ok {
			extra = append(extra, reprString(name))
		}
	}
	if len(extra) > 0 {
		verb := "was"
		if len(extra) > 1 {
			verb = "were"
		}
		found = append(found, breach{depth: depth,
			message: fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(extra, ", "), verb)})
	}
	return found
}

func (s *schema) checkAnyOf(v any, depth int, found []breach) []breach {
	var context []breach
	for _, choice := range s.anyOf {
		inner := choice.breaches(v, 0, nil)
		if len(inner) == 0 {
			return found
		}
		context = append(context, inner...)
	}
	return append(found, breach{depth: depth, anyOf: true, context: context,
		message: s.quote(v) + " is not valid under any of the given schemas"})
}

func isType(v any, name string) bool {
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

func isInteger(n json.Number) bool {
	_, err := n.Int64()
	return err == nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
