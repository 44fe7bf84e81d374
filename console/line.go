package console

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

const (
	openTime = time.Minute     // for a BMC to open the console
	longRest = 5 * time.Minute // at most, between two attempts to open it
	steady   = time.Minute     // a console that stood for so long is opened again at once
)

// line is the console of one machine.
type line struct {
	hub  *Hub
	node string
	kept *kept

	mu       sync.Mutex         // guards what follows
	stop     context.CancelFunc // ends keep, nil while the console is not enabled
	ended    chan struct{}      // closed when keep has ended
	terminal baremetal.Terminal // nil while the line is down
	problem  string             // why it is down
	since    time.Time          // of this state
	writer   *Writer            // who types, nil for nobody

	typing sync.Mutex // held while something is typed
}

// keep holds the line until ctx ends.
func (l *line) keep(ctx context.Context) {
	defer close(l.ended)
	defer l.kept.close()
	rest := time.Second
	for ctx.Err() == nil {
		begun := time.Now()
		l.down(ctx, l.hold(ctx))
		if time.Since(begun) > steady {
			rest = time.Second
		}
		_ = limit.Pause(ctx, rest)
		rest = min(2*rest, longRest)
	}
}

// hold opens the line and keeps what comes until it ends.
func (l *line) hold(ctx context.Context) error {
	opening, cancel := context.WithTimeout(ctx, openTime)
	t, err := l.hub.Open(opening, l.node)
	cancel()
	if err != nil {
		return err
	}
	defer t.Close()                                      //nolint:errcheck // the BMC forgets it, too
	stop := context.AfterFunc(ctx, func() { t.Close() }) //nolint:errcheck // as above
	defer stop()
	l.up(ctx, t)
	buf := make([]byte, 4096)
	for {
		n, err := t.Read(buf)
		if n > 0 {
			if err := l.kept.append(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (l *line) up(ctx context.Context, t baremetal.Terminal) {
	l.mu.Lock()
	l.terminal, l.problem, l.since = t, "", time.Now()
	l.mu.Unlock()
	l.hub.note(ctx, l.node, "console connected")
}

// down notes why the line is down; an event says so once.
func (l *line) down(ctx context.Context, err error) {
	words := "closed"
	if err != nil && !errors.Is(err, io.EOF) {
		words = err.Error()
	}
	l.mu.Lock()
	news := l.terminal != nil || l.problem == ""
	l.terminal, l.problem = nil, words
	if news {
		l.since = time.Now()
	}
	l.mu.Unlock()
	if news && ctx.Err() == nil {
		l.hub.note(ctx, l.node, "console lost: "+words)
	}
}

func (l *line) status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{Enabled: l.stop != nil, Connected: l.terminal != nil, Problem: l.problem, Since: l.since}
	if l.writer != nil {
		s.Writer = l.writer.who
	}
	return s
}

// Writer is the right to type on a console. It is safe for concurrent use.
type Writer struct {
	line *line
	who  string
	lost chan struct{}
}

// Lost is closed when another has taken the right.
func (w *Writer) Lost() <-chan struct{} { return w.lost }

// Write types.
func (w *Writer) Write(p []byte) (int, error) {
	t, done, err := w.begin()
	if err != nil {
		return 0, err
	}
	defer done()
	return t.Write(p)
}

// Break holds the serial line low for a moment.
func (w *Writer) Break() error {
	t, done, err := w.begin()
	if err != nil {
		return err
	}
	defer done()
	return t.Break()
}

func (w *Writer) begin() (baremetal.Terminal, func(), error) {
	w.line.typing.Lock()
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	var err error
	switch {
	case w.line.writer != w:
		err = baremetal.Errorf(baremetal.ErrConflict, "Another user types on this console now.")
	case w.line.terminal == nil:
		err = baremetal.Errorf(baremetal.ErrConflict, "The console is not connected: %s", w.line.problem)
	}
	if err != nil {
		w.line.typing.Unlock()
		return nil, nil, err
	}
	return w.line.terminal, w.line.typing.Unlock, nil
}

// Release gives the right back, and tells those who read.
func (w *Writer) Release() {
	w.line.mu.Lock()
	had := w.line.writer == w
	if had {
		w.line.writer = nil
	}
	w.line.mu.Unlock()
	if had {
		w.line.hub.note(context.Background(), w.line.node, "console: nobody types")
	}
}
