package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// session is one connection and the statements prepared on it. Preparing a
// statement of fifty columns takes longer than running it, so they are kept. A
// session serves one transaction at a time.
type session struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// maxStatements bounds what a session keeps: far more than the program has, but
// filters make statements of their own.
const maxStatements = 200

func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.statements[query]; ok {
		return stmt, nil
	}
	if len(s.statements) >= maxStatements {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err == nil {
		s.statements[query] = stmt
	}
	return stmt, err
}

func (s *session) forget() (err error) {
	for query, stmt := range s.statements {
		err = errors.Join(err, stmt.Close())
		delete(s.statements, query)
	}
	return err
}

func (s *session) exec(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	stmt, err := s.prepare(ctx, statement)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *session) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// pool is a number of sessions on one database.
type pool struct {
	db    *sql.DB
	begin string
	free  chan *session
	count int // sessions there are

	once   sync.Once
	closed chan struct{}
}

// errClosed is what everybody gets who comes after Close.
var errClosed = errors.New("the store is closed")

// newPool opens n sessions whose transactions start with begin.
func newPool(ctx context.Context, db *sql.DB, n int, begin string) (*pool, error) {
	p := &pool{db: db, begin: begin, free: make(chan *session, n), closed: make(chan struct{})}
	for range n {
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect: %w", err), p.close())
		}
		p.free <- &session{conn: conn, statements: map[string]*sql.Stmt{}}
		p.count++
	}
	return p, nil
}

// close lets nobody in any more, waits for running transactions and closes the
// database. Once is enough; again does nothing.
func (p *pool) close() (err error) {
	p.once.Do(func() {
		close(p.closed)
		for range p.count {
			s := <-p.free
			err = errors.Join(err, s.forget(), s.conn.Close())
		}
		err = errors.Join(err, p.db.Close())
	})
	return err
}

// run runs f in a transaction and commits it, or takes everything back when f or
// the commit fails, or f panics.
func (p *pool) run(ctx context.Context, f func(s *session) error) error {
	var s *session
	select {
	case s = <-p.free:
	case <-p.closed:
		return fmt.Errorf("begin: %w", errClosed)
	case <-ctx.Done():
		return fmt.Errorf("begin: %w", ctx.Err())
	}
	defer func() { p.free <- s }()
	if _, err := s.exec(ctx, p.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			// SQLite takes some transactions back by itself, and then says that there is
			// none: nothing to do about that, nor about the rest.
			_, _ = s.exec(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if err := f(s); err != nil {
		return err
	}
	// From here on there is no way back: a client that has gone must not make it
	// uncertain whether the change was kept.
	if _, err := s.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}
