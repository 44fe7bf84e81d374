package client

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTablesFit: a table is as wide as it may be and no wider, and loses no word.
func TestTablesFit(t *testing.T) {
	f := findings{columns: []string{"Name", "State", "Remark"}, rows: [][]any{
		{"pc-1", "active", "The volume root-1 of pc-1 does not exist: make it, or set another volume target."},
		{"a-machine-with-quite-a-long-name-of-its-own", "deploy failed", "späte Wörter → 世界"},
	}}
	words := func(text string) int {
		return len(strings.Fields(strings.NewReplacer("|", " ", "+", " ", "-", " ").Replace(text)))
	}
	for _, most := range []int{0, 200, 100, 80, 60, 45} {
		var b bytes.Buffer
		if err := writeTable(&b, f, printer{width: most}); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(b.String(), "\n")
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n != utf8.RuneCountInString(first) || most > 0 && n > most {
				t.Errorf("at most %d: a line of %d in a table of %d: %q", most, n, len(first), line)
			}
		}
		if most >= 80 && words(b.String()) < words("pc 1 active The volume root 1 of pc 1 does not exist: make it, or set another "+
			"volume target.") {
			t.Errorf("at most %d: words are lost:\n%s", most, b.String())
		}
	}
	for _, c := range []struct{ cell, want string }{
		{"one two three", "one two/three"}, {"onetwothree", "onetwoth/ree"}, {"a\nb", "a/b"}, {"", ""}, {"12345678 9", "12345678/9"},
	} {
		if got := strings.Join(wrapped(c.cell, 8), "/"); got != c.want {
			t.Errorf("%q in 8 columns = %q, want %q", c.cell, got, c.want)
		}
	}
}

// FuzzWrapped: no line is wider than allowed, and nothing but spaces is lost.
func FuzzWrapped(f *testing.F) {
	f.Add("one two three", 4)
	f.Add("日本 語\n x", 1)
	f.Fuzz(func(t *testing.T, cell string, width int) {
		if width < 1 || width > 300 || !utf8.ValidString(cell) {
			return
		}
		squeeze := strings.NewReplacer(" ", "", "\n", "").Replace
		lines := wrapped(cell, width)
		for _, line := range lines {
			if utf8.RuneCountInString(line) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
		if got := squeeze(strings.Join(lines, "")); got != squeeze(cell) {
			t.Errorf("%q became %q", cell, got)
		}
	})
}
