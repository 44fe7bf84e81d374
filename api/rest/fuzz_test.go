package rest

import (
	"encoding/json"
	"reflect"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// FuzzPatch holds our JSON patch against an independent one. Where ours succeeds
// the other must, with the same result.
func FuzzPatch(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"extra":{"a":1}}`, `[{"op":"add","path":"/extra/b","value":2}]`},
		{`{"extra":{"l":[1,2,3]}}`,
			`[{"op":"add","path":"/extra/l/1","value":9},{"op":"remove","path":"/extra/l/0"},{"op":"add","path":"/extra/l/-","value":7}]`},
		{`{"extra":{"a~b":{"c/d":1}}}`, `[{"op":"replace","path":"/extra/a~0b/c~1d","value":null}]`},
		{`{"a":[[{}]]}`, `[{"op":"add","path":"/a/0/0/x","value":{"y":[]}}]`},
		{`{"a":1}`, `[{"op":"remove","path":"/a"},{"op":"add","path":"/a/b","value":1}]`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, document, patch string) {
		doc, err := Decode([]byte(document))
		object, ok := doc.(map[string]any)
		if err != nil || !ok || deep(document) {
			return
		}
		list, err := Decode([]byte(patch))
		if err != nil || patchSchema.Check("patch", list) != nil {
			return
		}
		if applyPatch(object, Operations(list)) != nil {
			return // that ours is stricter (no new members at the root) is its own affair
		}
		other, err := jsonpatch.DecodePatch(Encode(list))
		if err != nil {
			t.Fatalf("ours takes %s, the other does not: %v", patch, err)
		}
		want, err := other.Apply([]byte(document))
		if err != nil {
			t.Fatalf("ours applies %s to %s, the other does not: %v", patch, document, err)
		}
		var a, b any
		if json.Unmarshal(Encode(object), &a) != nil || json.Unmarshal(want, &b) != nil {
			t.Fatal("a result is no JSON")
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("patch %s on %s = %s, the other has %s", patch, document, Encode(object), want)
		}
	})
}

func deep(document string) bool {
	deepest, _ := shape([]byte(document))
	return deepest > MaxDepth
}
