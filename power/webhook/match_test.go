package webhook

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDepthOfAReply(t *testing.T) {
	for _, c := range []struct {
		body, want, fails string
	}{
		{`{"a": ` + strings.Repeat("[", maxDepth-1) + "1" + strings.Repeat("]", maxDepth-1) + `, "b": "on"}`, "on", ""},
		{`{"a": ` + strings.Repeat("[", maxDepth) + "1" + strings.Repeat("]", maxDepth) + `, "b": "on"}`, "", "nested more than 64 deep"},
		{strings.Repeat(`{"a":`, 100_000), "", "nested more than 64 deep"},
		{`{"a": "` + strings.Repeat("[", 100) + `\"[", "b": "off"}`, "off", ""},
		{`{"b": [` + strings.Repeat(`{"x": 1},`, 1000) + `1]}`, "", ""},
		{"", "", "not JSON"},
	} {
		got, err := lookup([]byte(c.body), "/b")
		if c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) || c.fails == "" && err != nil || c.want != "" &&
			got != c.want {
			t.Errorf("lookup in %.40q = %q, %v, want %q, %q", c.body, got, err, c.want, c.fails)
		}
	}
}

// FuzzState: whatever a device answers, the state is on, off or an error that tells nothing of the answer, and the
// depth is what the decoder finds.
func FuzzState(f *testing.F) {
	for _, body := range []string{`{"ison": true}`, `{"a":[{"b":"on"}]}`, `{"a": "\"["}`, strings.Repeat("[", 100), `[1,"]`} {
		f.Add([]byte(body), "/a/0/b")
		f.Add([]byte(body), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, pointer string) {
		if pointer != "" && pointer[0] != '/' {
			return // refused by validation
		}
		s, err := match{pointer, "on", "off"}.state(body)
		if (s == "") != (err != nil) {
			t.Errorf("state = %q, %v", s, err)
		}
		if json.Valid(body) && tooDeep(body) != (depth(body) > maxDepth) {
			t.Errorf("tooDeep = %v of a depth of %d", tooDeep(body), depth(body))
		}
	})
}

// depth is that of valid JSON, by the tokens of the decoder.
func depth(body []byte) (deepest int) {
	d, now := json.NewDecoder(strings.NewReader(string(body))), 0
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
			deepest = max(deepest, now)
		case json.Delim('}'), json.Delim(']'):
			now--
		}
	}
}
