package replay

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// normaliser takes out of an answer what is different in every run.
type normaliser struct {
	base string
	vars map[string]string
}

var (
	requestIDs = regexp.MustCompile(`req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	uuids      = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	moments    = regexp.MustCompile(`\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?`)
)

// sets are members whose order carries no meaning.
var sets = []string{"tags", "hosts"}

func (n normaliser) text(s string) string {
	s = strings.ReplaceAll(s, n.base, "{{base}}")
	names := slices.SortedFunc(maps.Keys(n.vars), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(n.vars[b]), len(n.vars[a])), strings.Compare(a, b))
	})
	for _, name := range names {
		if v := n.vars[name]; len(v) > 3 {
			s = strings.ReplaceAll(s, v, "{{"+name+"}}")
		}
	}
	s = requestIDs.ReplaceAllString(s, "<req>")
	s = uuids.ReplaceAllStringFunc(s, func(u string) string {
		if strings.HasPrefix(u, "c0ffee") {
			return u // chosen by the recording
		}
		return "<uuid>"
	})
	return moments.ReplaceAllString(s, "<ts>")
}

func (n normaliser) value(v any, ignore []string) any {
	switch v := v.(type) {
	case string:
		return n.text(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = n.value(v[i], ignore)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			out[n.text(k)] = n.member(k, inner, ignore)
		}
		return out
	}
	return v
}

func (n normaliser) member(k string, v any, ignore []string) any {
	if slices.Contains(ignore, k) {
		return "<ignored>"
	}
	out := n.value(v, ignore)
	if list, ok := out.([]any); ok && slices.Contains(sets, k) {
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return out
}
