package client

import (
	"fmt"
	"io"
	"os"

	"ironhook/storage/volume"
)

// line shows how far something is on one line of a terminal, written over and over;
// nothing where there is no terminal.
type line struct {
	to   io.Writer // nil: nowhere
	what string
	used bool
}

// line is one on the standard error.
func (c *call) line(what string) *line {
	l := &line{what: what}
	if f, ok := c.errs.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			l.to = f
		}
	}
	return l
}

// say shows text; an empty one is none.
func (l *line) say(text string) {
	if l.to == nil || text == "" {
		return
	}
	l.used = true
	fmt.Fprintf(l.to, "\r\x1b[K%s: %s", l.what, text) //nolint:errcheck // a terminal that is gone misses nothing
}

// end leaves the line empty.
func (l *line) end() {
	if l.used {
		fmt.Fprint(l.to, "\r\x1b[K") //nolint:errcheck // see say
		l.used = false
	}
}

// metered is a file that tells how much of it has been read.
type metered struct {
	*os.File
	meter *volume.Meter
}

func (l *line) metered(f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || l.to == nil {
		return f, err
	}
	return metered{f, volume.NewMeter(info.Size(), func(p volume.Progress) { l.say(p.String()) })}, nil
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.File.Read(p)
	m.meter.Add(int64(n))
	return n, err
}
