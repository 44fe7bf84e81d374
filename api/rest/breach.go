package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"ironhook/baremetal"
)

// breach is one way in which a value breaks its schema.
type breach struct {
	depth   int
	message string
	anyOf   bool
	kin     bool // the value has one of the schema's types
	context []breach
}

// breaches lists every breach of s by v, in the order of jsonschema's keywords.
func (s *Schema) breaches(v any, depth int, found []breach) (all []breach) {
	first := len(found)
	kin := slices.ContainsFunc(s.Types, func(t string) bool { return IsType(v, t) })
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
	if len(s.Types) > 0 && !kin {
		say("%s is not of type '%s'", s.quote(v), strings.Join(s.Types, "', '"))
	}
	switch v := v.(type) {
	case string:
		found = s.checkString(v, depth, found)
	case map[string]any:
		found = s.checkObject(v, depth, found)
	case []any:
		if len(v) < s.MinItems {
			say("%s %s", s.quote(v), tooShort(s.MinItems))
		}
		if s.Items != nil {
			for _, item := range v {
				found = s.Items.breaches(item, depth+1, found)
			}
		}
	case json.Number:
		if n, ok := integer(v); s.Least != nil && ok && n < int64(*s.Least) {
			say("%s is less than the minimum of %d", v, *s.Least)
		}
	}
	if s.Enum != nil && !slices.Contains(s.Enum, hashable(v)) {
		say("%s is not one of %s", s.quote(v), Repr(s.Enum))
	}
	if s.AnyOf != nil {
		found = s.checkAnyOf(v, depth, found)
	}
	return found
}

// tooShort says that a text or list has less than it must have at least.
func tooShort(least int) string {
	if least == 1 {
		return "should be non-empty"
	}
	return "is too short"
}

// quote prints the value that breaks s.
func (s *Schema) quote(v any) string {
	if text := Quote(v); !s.Secret || slices.Contains([]string{"None", "''", "[]", "{}"}, text) {
		return text
	}
	return baremetal.Mask
}

// hashable keeps slices.Contains from comparing values that are not comparable.
func hashable(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		return struct{}{}
	}
	return v
}

func (s *Schema) checkString(v string, depth int, found []breach) []breach {
	n := utf8.RuneCountInString(v)
	switch {
	case s.Max > 0 && n > s.Max:
		found = append(found, breach{depth: depth, message: s.quote(v) + " is too long"})
	case n < s.Min:
		found = append(found, breach{depth: depth, message: s.quote(v) + " " + tooShort(s.Min)})
	}
	if s.Pattern != nil && !s.Pattern.MatchString(v) {
		source := s.Source
		if source == "" {
			source = s.Pattern.String()
		}
		found = append(found, breach{depth: depth, message: fmt.Sprintf("%s does not match %s", s.quote(v), Repr(source))})
	}
	return found
}

func (s *Schema) checkObject(v map[string]any, depth int, found []breach) []breach {
	names := s.Order
	if names == nil {
		names = slices.Sorted(maps.Keys(s.Props))
	}
	for _, name := range names {
		if value, ok := v[name]; ok {
			found = s.Props[name].breaches(value, depth+1, found)
		}
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			found = append(found, breach{depth: depth, message: fmt.Sprintf("%s is a required property", Repr(name))})
		}
	}
	if !s.Closed {
		return found
	}
	var extra []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if _, ok := s.Props[name]; !ok {
			extra = append(extra, Repr(name))
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

func (s *Schema) checkAnyOf(v any, depth int, found []breach) []breach {
	var context []breach
	for _, choice := range s.AnyOf {
		inner := choice.breaches(v, 0, nil)
		if len(inner) == 0 {
			return found
		}
		context = append(context, inner...)
	}
	return append(found, breach{depth: depth, anyOf: true, context: context,
		message: s.quote(v) + " is not valid under any of the given schemas"})
}
