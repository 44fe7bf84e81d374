package rest

import (
	"fmt"
	"regexp"
	"slices"
)

// Schema is the part of JSON Schema that the bodies of the APIs need. Its errors have the
// words of Python's jsonschema, which Ironic passes on to its clients.
type Schema struct {
	Types    []string // null, boolean, integer, number, string, array, object; none is any
	Props    map[string]*Schema
	Order    []string // names of Props in the order of checking; none is sorted
	Required []string
	Closed   bool // no other properties
	Items    *Schema
	MinItems int
	Enum     []any
	Pattern  *regexp.Regexp
	Source   string // the pattern as Python wrote it, where that differs
	Min, Max int    // length of a string in characters; 0 is no bound
	Least    *int   // of a number
	AnyOf    []*Schema
	Secret   bool // errors do not quote the value
}

// Check returns nil, or a 400 with the most telling breach as Ironic words it. The value
// v has the form of [JSONValue], and name is its name in the error.
func (s *Schema) Check(name string, v any) error {
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
	return Invalid("%s", text)
}

// Breach words the most telling breach of s by v; "" is none.
func (s *Schema) Breach(v any) string {
	if found := s.breaches(v, 0, nil); len(found) > 0 {
		return bestMatch(found).message
	}
	return ""
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
