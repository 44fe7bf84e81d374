package client

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Machines, their agents and their BMCs word much of what the commands print. A terminal obeys control
// characters: they could clear the screen, forge lines, or have the terminal type an answer.

// Harmless is a text for a terminal: every control character but tab and line feed, and every one that
// turns the direction of writing, stands there as \x1b or \u202e, which people can read.
func Harmless(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if strings.IndexFunc(text, harms) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !harms(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// harms reports whether a terminal obeys a character, or shows others in another order for it.
func harms(r rune) bool {
	return r != '\t' && r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// oneLine is Harmless for what has one line to itself.
func oneLine(text string) string { return Harmless(strings.ReplaceAll(text, "\n", " ")) }

// harmlessJSON is JSON, which has control characters in strings alone: those that it lets stand as they
// are, from DEL on, are escaped, too.
func harmlessJSON(b []byte) []byte {
	if bytes.IndexFunc(b, harms) < 0 {
		return b
	}
	var out []byte
	for _, r := range string(b) {
		if harms(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// screen passes on text without the sequences that a terminal obeys (ECMA-48) and without other control
// characters: what a console said, as it is read and not as it moved. A sequence may be in several writes.
type screen struct {
	to    io.Writer
	state func(*screen, byte) bool // of the sequence that is being read, nil outside of one; it reports whether it goes on
	kept  []byte                   // of a character that is not complete
}

func (s *screen) Write(p []byte) (int, error) {
	var out []byte
	for _, c := range p {
		switch {
		case s.state != nil:
			if !s.state(s, c) {
				s.state = nil
			}
		case c == 0x1b:
			s.state = (*screen).introduced
		case c == '\n' || c == '\t' || c >= ' ' && c != 0x7f:
			out = append(out, c)
		}
	}
	out = append(s.kept, out...)
	end := len(out)
	for back := 1; back < utf8.UTFMax && back <= len(out); back++ {
		if c := out[len(out)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(out[len(out)-back:]) {
				end -= back
			}
			break
		}
	}
	s.kept = bytes.Clone(out[end:])
	if _, err := io.WriteString(s.to, Harmless(string(out[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// introduced reads what follows an escape character: [ begins a sequence of parameters up to a letter, ]
// and its kin one of text up to its end, and others are one character long.
func (s *screen) introduced(c byte) bool {
	switch c {
	case '[':
		s.state = (*screen).parameters
		return true
	case ']', 'P', 'X', '^', '_':
		s.state = (*screen).text
		return true
	}
	return c >= 0x20 && c <= 0x2f // of one that has more
}

func (s *screen) parameters(c byte) bool { return c < 0x40 || c > 0x7e }

func (s *screen) text(c byte) bool {
	if c == 0x1b {
		s.state = func(*screen, byte) bool { return false } // ESC \ ends it
		return true
	}
	return c != 0x07
}
