package ipxe

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Script is an iPXE boot script. It may hold secrets, so it has no String
// method; [Script.WriteTo] is its only way out. The zero Script has no lines.
type Script struct{ lines []string }

// add appends a line. Values may only come through word, host, iqn and say.
func (s *Script) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// WriteTo writes the script as iPXE reads it, one command a line.
func (s Script) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	b.WriteString("#!ipxe\n")
	for _, line := range s.lines {
		b.WriteString(line)
		if strings.HasSuffix(line, `\`) {
			b.WriteByte(' ') // or iPXE would join the next line to this one
		}
		b.WriteByte('\n')
	}
	return b.WriteTo(w)
}

// say adds a line of text for the person at the screen.
func (s *Script) say(text string) { s.add("echo %s", printable(text)) }
