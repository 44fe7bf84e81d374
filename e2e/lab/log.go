package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Line is one line that a program printed.
type Line struct {
	At   time.Time
	Text string
}

// Log keeps what a program prints, line by line with the time each came, and
// lets others wait for a line. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	lines   []Line
	partial []byte
	ended   bool
	changed chan struct{} // closed and replaced at each change
	copy    io.Writer     // also gets the lines, each with seconds since start
	start   time.Time
}

func newLog(copy io.Writer) *Log {
	return &Log{changed: make(chan struct{}), copy: copy, start: time.Now()}
}

// Start returns when the log began: for a machine's console, the power-on.
func (l *Log) Start() time.Time { return l.start }

// Lines returns what was printed so far.
func (l *Log) Lines() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[:len(l.lines):len(l.lines)]
}

// maxLine bounds a line: firmware drawing on its screen may never end one.
const maxLine = 4096

// Write takes what the program prints. It never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, p...)
	for {
		i := bytes.IndexAny(l.partial, "\r\n") + 1
		if i == 0 && len(l.partial) >= maxLine {
			i = maxLine
		}
		if i == 0 {
			break
		}
		l.add(l.partial[:i])
		l.partial = l.partial[i:]
	}
	return len(p), nil
}

// end marks that nothing more will come.
func (l *Log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(l.partial)
	l.partial, l.ended = nil, true
	l.wake()
}

// escapes are the terminal's control sequences: colours, cursor movements. One
// that moves the cursor to a new place begins a new line.
var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*([A-Za-z])|\x1b[()][A-Z0-9]|[\x00-\x08\x0e-\x1f]")

// add appends the lines in raw, without control sequences; l.mu is held.
func (l *Log) add(raw []byte) {
	plain := escapes.ReplaceAllStringFunc(string(raw), func(s string) string {
		if strings.HasSuffix(s, "H") || strings.HasSuffix(s, "J") {
			return "\n"
		}
		return ""
	})
	for text := range strings.SplitSeq(plain, "\n") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		now := time.Now()
		l.lines = append(l.lines, Line{now, text})
		if l.copy != nil {
			fmt.Fprintf(l.copy, "%8.2f %s\n", now.Sub(l.start).Seconds(), text)
		}
		l.wake()
	}
}

func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Wait returns the first line that matches want, come or still to come. It fails
// when a line matches one of bad first, when the program ends, or with ctx; the
// error shows the last lines.
func (l *Log) Wait(ctx context.Context, want *regexp.Regexp, bad ...*regexp.Regexp) (Line, error) {
	line, _, err := l.waitFrom(ctx, 0, want, bad...)
	return line, err
}

// waitFrom is Wait for a line that has this number or a greater one; it also
// returns the number of the line after.
func (l *Log) waitFrom(ctx context.Context, next int, want *regexp.Regexp, bad ...*regexp.Regexp) (Line, int, error) {
	for {
		l.mu.Lock()
		lines, ended, changed := l.lines, l.ended, l.changed
		l.mu.Unlock()
		for ; next < len(lines); next++ {
			if want.MatchString(lines[next].Text) {
				return lines[next], next + 1, nil
			}
			for _, b := range bad {
				if b.MatchString(lines[next].Text) {
					return Line{}, next, fmt.Errorf("waiting for %q: got %q\n%s", want, lines[next].Text, tail(lines))
				}
			}
		}
		if ended {
			return Line{}, next, fmt.Errorf("waiting for %q: ended without it\n%s", want, tail(lines))
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Line{}, next, fmt.Errorf("waiting for %q: %w\n%s", want, context.Cause(ctx), tail(l.Lines()))
		}
	}
}

// tail shows the end of a log, for an error.
func tail(lines []Line) string {
	const show = 12
	var b strings.Builder
	for _, line := range lines[max(0, len(lines)-show):] {
		fmt.Fprintf(&b, "    %s %s\n", line.At.Format("15:04:05.00"), line.Text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
