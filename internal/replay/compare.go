package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// verdict is how close an answer came.
type verdict struct {
	pass, exact bool
	status      int
	why         string
}

// compare: a success must be equal, an error must have the same status and the same
// envelope; where the service failed itself, any refusal will do.
func compare(ex exchange, want, got any, status int) verdict {
	same := status == ex.Response.Status
	v := verdict{exact: same && reflect.DeepEqual(want, got), status: status}
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

// shape is the envelope of an error: its members, and the code.
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
	w, ok1 := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if ok1 && ok2 {
		return inObjects(w, g, at)
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
		list = append(list, fmt.Sprintf("    %s: want %.300s\n      got %.300s", at, encode(want), encode(got)))
	}
	return list
}

func inObjects(want, got map[string]any, at string) (list []string) {
	keys := maps.Clone(want)
	maps.Copy(keys, got)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		a, inWant := want[k]
		b, inGot := got[k]
		switch {
		case !inGot:
			list = append(list, fmt.Sprintf("    %s.%s: missing, want %.200s", at, k, encode(a)))
		case !inWant:
			list = append(list, fmt.Sprintf("    %s.%s: unexpected %.200s", at, k, encode(b)))
		default:
			list = append(list, differences(a, b, at+"."+k)...)
		}
	}
	return list
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
