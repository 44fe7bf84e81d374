package client

import "testing"

// An escape stands at the beginning of a line; everything else goes to the machine as it is.
func TestEscapes(t *testing.T) {
	for _, c := range []struct {
		parts        []string
		typed, words string
	}{
		{[]string{"ls\r"}, "ls\r", ""},
		{[]string{"~."}, "", "."},
		{[]string{"root\r~.never sent"}, "root\r", "."},
		{[]string{"root\r", "~", "."}, "root\r", "."},
		{[]string{"a~."}, "a~.", ""},
		{[]string{"~~."}, "~.", ""},
		{[]string{"~x"}, "~x", ""},
		{[]string{"~B~?~b"}, "", "b?b"},
		{[]string{"cd ~\r~b"}, "cd ~\r", "b"},
	} {
		e, typed, words := escapes{begin: true}, "", ""
		for _, p := range c.parts {
			more, w := e.read([]byte(p))
			typed, words = typed+string(more), words+string(w)
		}
		if typed != c.typed || words != c.words {
			t.Errorf("%q: typed %q, escapes %q, want %q and %q", c.parts, typed, words, c.typed, c.words)
		}
	}
}
