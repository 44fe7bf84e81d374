package appliance

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"ironhook/baremetal"
)

// tailLines is how much of the log is kept for the pages.
const tailLines = 300

// tailWidth is how much of a line is kept, in bytes: others word parts of many.
const tailWidth = 4 << 10

// logTail hands each record on, keeps the newest as text, and decides which levels are
// logged: that can change while the program runs. It is safe for concurrent use.
type logTail struct {
	next  slog.Handler
	level *slog.LevelVar
	lines *lines
	text  slog.Handler // writes to lines
}

// lines are the newest lines of a text.
type lines struct {
	mu  sync.Mutex
	all []string // mu guards it
}

// levels are the levels of the log by name, the most talkative first.
var levels = []struct {
	name  string
	level slog.Level
}{{"debug", slog.LevelDebug}, {"info", slog.LevelInfo}, {"warn", slog.LevelWarn}, {"error", slog.LevelError}}

// newLogTail begins with the level of log.
func newLogTail(log *slog.Logger) *logTail {
	t := &logTail{next: log.Handler(), level: new(slog.LevelVar), lines: new(lines)}
	t.level.Set(slog.LevelError)
	for _, l := range slices.Backward(levels) {
		if log.Enabled(context.Background(), l.level) {
			t.level.Set(l.level)
		}
	}
	t.text = slog.NewTextHandler(t.lines, &slog.HandlerOptions{Level: slog.LevelDebug})
	return t
}

// Enabled reports whether a level is logged.
func (t *logTail) Enabled(_ context.Context, l slog.Level) bool { return l >= t.level.Level() }

// Handle logs a record.
func (t *logTail) Handle(ctx context.Context, r slog.Record) error {
	_ = t.text.Handle(ctx, r) // to memory
	return t.next.Handle(ctx, r)
}

// WithAttrs is a handler with more attributes, and the same lines and level.
func (t *logTail) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logTail{t.next.WithAttrs(attrs), t.level, t.lines, t.text.WithAttrs(attrs)}
}

// WithGroup is a handler that groups what follows.
func (t *logTail) WithGroup(name string) slog.Handler {
	return &logTail{t.next.WithGroup(name), t.level, t.lines, t.text.WithGroup(name)}
}

// name is the level that is logged.
func (t *logTail) name() string {
	for _, l := range levels {
		if l.level >= t.level.Level() {
			return l.name
		}
	}
	return levels[len(levels)-1].name
}

// set sets the level by its name.
func (t *logTail) set(name string) error {
	for _, l := range levels {
		if l.name == name {
			t.level.Set(l.level)
			return nil
		}
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "%.20q is no level of the log: give debug, info, warn or error.", name)
}

// Write takes one line.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) >= tailLines {
		l.all = slices.Delete(l.all, 0, len(l.all)-tailLines+1)
	}
	l.all = append(l.all, strings.ToValidUTF8(string(bytes.TrimRight(p[:min(len(p), tailWidth)], "\n")), ""))
	return len(p), nil
}

// newest are the lines, the newest first.
func (l *lines) newest() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.all)
	slices.Reverse(all)
	return all
}
