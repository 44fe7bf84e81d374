package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Program describes the program itself.
type Program struct {
	Version string
	Schema  string // of the database: schema.sql
}

// Run runs an appliance until ctx ends, which is no error, or a server fails. It writes
// to out, for the person who starts it, the first password, and the address of the pages and
// one line when it is ready. Everything is open before anything serves; on a [*Fault] nothing was served.
func Run(ctx context.Context, c Config, p Program, out io.Writer, log *slog.Logger) (err error) {
	tail := newLogTail(log)
	log = slog.New(tail)
	var opened stack
	defer func() { opened.close(log) }()
	o, err := open(ctx, c, p, out, log, &opened)
	var a *appliance
	if err == nil {
		a = introduce(c, p, o, tail, &opened)
		err = errors.Join(a.resume(ctx), confine(c, log))
	}
	if err != nil && ctx.Err() != nil {
		return nil // asked to end before it was ready
	}
	if err != nil {
		return asFault(err, c.Data)
	}
	err = a.serve(ctx, out)
	log.Info("stopped")
	return err
}

// stack is what close has to undo, in the order in which it was opened.
type stack []func() error

func (s *stack) push(f func() error) { *s = append(*s, f) }

func (s stack) close(log *slog.Logger) {
	for i := len(s) - 1; i >= 0; i-- {
		if err := s[i](); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Error("close", "error", err)
		}
	}
}

// task is one member of the run group; it ends when its context does.
type task struct {
	name  string
	place string // where it listens, for the ready line; "" for nowhere
	run   func(context.Context) error
}

// drainTime is the time for running requests and tasks to finish after SIGTERM.
const drainTime = 10 * time.Second

// resume finishes or undoes the work that the last exit interrupted, now that nothing can
// keep this start from serving.
func (a *appliance) resume(ctx context.Context) error {
	if err := a.pool.Recover(ctx); err != nil {
		return err
	}
	return a.conductor.Recover(ctx)
}

// serve runs the tasks until ctx ends or one of them does.
func (a *appliance) serve(ctx context.Context, out io.Writer) error {
	group, ctx := errgroup.WithContext(ctx)
	var places []string
	for _, task := range a.tasks {
		group.Go(func() error {
			if err := task.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", task.name, err)
			}
			return nil
		})
		if task.place != "" {
			places = append(places, task.name+" "+task.place)
		}
	}
	group.Go(func() error {
		if link := a.welcome.link(a.reachable()); link != "" {
			fmt.Fprintf(out, "first start: or choose your own; open %s (once, within a day)\n", link) //nolint:errcheck // the next line reports it
		}
		_, err := fmt.Fprintf(out, "pages: %s/ui/\nready: %s\n", a.reachable(), strings.Join(places, ", "))
		return errors.Join(err, notify(ctx, "READY=1"))
	})
	return group.Wait()
}
