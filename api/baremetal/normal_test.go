package baremetalapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
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
	impl       = regexp.MustCompile(`\w+ interface implementation '<[^']*>'`)
	unordered  = regexp.MustCompile(`^(enabled_\w+_interfaces|hosts|drivers)$`)
)

func (n normaliser) text(s string) string {
	s = strings.ReplaceAll(s, n.base, "{{base}}")
	names := slices.Sorted(maps.Keys(n.vars))
	sort.SliceStable(names, func(i, j int) bool { return len(n.vars[names[i]]) > len(n.vars[names[j]]) })
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
	s = moments.ReplaceAllString(s, "<ts>")
	return impl.ReplaceAllString(s, "<any> interface implementation '<object>'")
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
	if s, ok := v.(string); ok && k == "error_message" {
		var inner any
		if json.Unmarshal([]byte(s), &inner) == nil {
			return map[string]any{"__json__": n.value(inner, ignore)}
		}
	}
	if list, ok := v.([]any); ok && unordered.MatchString(k) {
		out, _ := n.value(list, ignore).([]any)
		sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
		return out
	}
	return n.value(v, ignore)
}
