package client

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

// hostile has what a terminal obeys: escape sequences, their forms of one byte, and marks of direction.
const hostile = "a\x1b[2J\x07\u009b31m\x7f\u202eb\rc"

// Whatever a machine has said, no format of the output has a character that a terminal obeys.
func TestOutputIsHarmless(t *testing.T) {
	f := findings{columns: []string{"Name", hostile}, rows: [][]any{{"x", hostile}, {"y", []any{hostile, map[string]any{hostile: hostile}}}}}
	single := findings{single: true, columns: f.columns, rows: f.rows[:1]}
	for name, write := range formats {
		for _, f := range []findings{f, single} {
			var b bytes.Buffer
			if err := write(&b, f, printer{quote: "nonnumeric"}); err != nil {
				t.Error(err)
			}
			if at := strings.IndexFunc(b.String(), obeyed); at >= 0 {
				t.Errorf("%s: %q has a character that a terminal obeys at %d", name, b.String(), at)
			}
		}
	}
	var b bytes.Buffer
	err := printEvent(&b, []any{"1", "now", "pc", "error", "a\nforged line " + hostile})
	if err != nil || strings.Count(b.String(), "\n") != 1 || strings.IndexFunc(b.String(), obeyed) >= 0 {
		t.Errorf("an event: %q, %v", b.String(), err)
	}
	if got := (&refusal{status: 409, text: hostile}).Error(); strings.IndexFunc(got, obeyed) >= 0 {
		t.Errorf("a refusal: %q", got)
	}
}

func obeyed(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"plain text, ä, 中\n\t": "plain text, ä, 中\n\t",
		"\x1b[2J\x00\x7f":      `\x1b[2J\x00\x7f`,
		"\u009b1m \u202e":      `\u009b1m \u202e`,
	} {
		if got := Harmless(text); got != want {
			t.Errorf("Harmless(%q) = %q, want %q", text, got, want)
		}
	}
}

// What a console said is read without its sequences, wherever they are cut.
func TestScreen(t *testing.T) {
	const said = "\x1b[1;31mlogin:\x1b[0m \x1b]0;title\x07ä\x1b(B\u009b1m\x1bP1$r\x1b\\ok\r\n\x1b[6n"
	const want = "login: ä\\u009b1mok\n"
	for size := 1; size <= len(said); size++ {
		var b bytes.Buffer
		s := &screen{to: &b}
		for rest := said; rest != ""; {
			n := min(size, len(rest))
			if _, err := s.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if b.String() != want {
			t.Errorf("in parts of %d: %q, want %q", size, b.String(), want)
		}
	}
}
