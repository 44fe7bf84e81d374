package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errClosed is the error of every transaction after Close.
var errClosed = errors.New("the store is closed")

// reader is a number of sessions that only read, each in a snapshot of its own. They
// keep half a megabyte of pages each instead of SQLite's two: the kernel has the rest
// in memory anyway, once for all of them.
type reader struct {
	free   chan *session
	once   sync.Once
	closed chan struct{}
}

func newReader(path string, n int) (*reader, error) {
	r := &reader{free: make(chan *session, n), closed: make(chan struct{})}
	for range n {
		s, err := connect(path, "_pragma=query_only(1)&_pragma=cache_size(-512)")
		if err != nil {
			close(r.free)
			for s := range r.free {
				err = errors.Join(err, s.close())
			}
			return nil, err
		}
		r.free <- s
	}
	return r, nil
}

// run runs f in a snapshot.
func (r *reader) run(ctx context.Context, f func(s *session) error) error {
	var s *session
	select {
	case s = <-r.free:
	case <-r.closed:
		return fmt.Errorf("begin: %w", errClosed)
	case <-ctx.Done():
		return fmt.Errorf("begin: %w", ctx.Err())
	}
	defer func() { r.free <- s }()
	if err := s.control("BEGIN"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer s.rollback() // there is nothing to keep
	return f(s)
}

// close refuses new readers, waits for the present ones and closes the sessions.
// Further calls do nothing.
func (r *reader) close() (err error) {
	r.once.Do(func() {
		close(r.closed)
		for range cap(r.free) {
			err = errors.Join(err, (<-r.free).close())
		}
	})
	return err
}
