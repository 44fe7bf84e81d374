package client

import (
	"fmt"
	"io"
	"os"
	"time"
)

// line shows progress on one line of a terminal, which it overwrites; it shows nothing
// without a terminal.
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
	fmt.Fprintf(l.to, "\r\x1b[K%s: %s", l.what, oneLine(text)) //nolint:errcheck // a failure here loses only progress
}

// end leaves the line empty.
func (l *line) end() {
	if l.used {
		fmt.Fprint(l.to, "\r\x1b[K") //nolint:errcheck // see say
		l.used = false
	}
}

// watch runs an operation on a thing and shows the progress that the appliance reports.
func (t thing) watch(c *call, one map[string]any, do func() error) error {
	shown := c.line(plain(one["name"]))
	defer shown.end()
	done := make(chan error, 1)
	go func() { done <- do() }()
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			if now, err := t.read(c, c.ctx, plain(one["id"])); err == nil && shown.to != nil {
				shown.say(plainOr(now["ironhook_progress"], ""))
			}
		}
	}
}
