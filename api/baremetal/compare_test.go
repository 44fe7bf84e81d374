package baremetalapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ironhook/api/rest"
)

// verdict is how close our answer came.
type verdict struct {
	pass, exact bool
	status      int
	why         string
}

// compare: a success must be equal, an error must have the same status and the
// same envelope; where Ironic failed (500), any refusal will do.
func compare(ex exchange, want, got any, status int) verdict {
	same := status == ex.Response.Status
	v := verdict{exact: same && reflect.DeepEqual(want, got)}
	switch {
	case ex.Quirk != "":
		v.pass = status >= 400
	case ex.Response.Status >= 400:
		v.pass = same && reflect.DeepEqual(shape(want), shape(got))
	default:
		v.pass = v.exact
	}
	if !v.exact {
		v.why = strings.Join(differences(want, got, ""), "\n")
	}
	return v
}

func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			if k == "faultcode" || k == "code" {
				out[k] = inner
			} else {
				out[k] = shape(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = shape(v[i])
		}
		return out
	}
	return fmt.Sprintf("%T", v)
}

func differences(want, got any, at string) (list []string) {
	w, wo := want.(map[string]any)
	g, g0 := got.(map[string]any)
	if wo && g0 {
		keys := map[string]bool{}
		for k := range w {
			keys[k] = true
		}
		for k := range g {
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			a, inW := w[k]
			b, inG := g[k]
			switch {
			case !inG:
				list = append(list, fmt.Sprintf("    %s.%s: missing, want %.200s", at, k, rest.Encode(a)))
			case !inW:
				list = append(list, fmt.Sprintf("    %s.%s: unexpected %.200s", at, k, rest.Encode(b)))
			default:
				list = append(list, differences(a, b, at+"."+k)...)
			}
		}
		return list
	}
	wl, ok1 := want.([]any)
	gl, ok2 := got.([]any)
	if ok1 && ok2 && len(wl) == len(gl) {
		for i := range wl {
			list = append(list, differences(wl[i], gl[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
		return list
	}
	if !reflect.DeepEqual(want, got) {
		list = append(list, fmt.Sprintf("    %s: want %.300s\n      got %.300s", at, rest.Encode(want), rest.Encode(got)))
	}
	return list
}
