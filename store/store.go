package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Store is the open database. Its methods are safe for concurrent use.
type Store struct {
	writer *pool // one session, transactions begin IMMEDIATE
	reader *pool // several, query_only

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every commit
}

// readers is how many snapshots can be read at once; more would only queue for
// the processors.
const readers = 8

// Open opens the database file at path, creating it with schema when it is new
// and migrating it when it is older. The file is readable by its owner only, for
// it holds CHAP and BMC secrets.
func Open(ctx context.Context, path, schema string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{changed: make(chan struct{})}
	db, err := connect(path, 1, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return migrate(ctx, db, schema) },
		func() error { return examine(ctx, db) },
	} {
		if err := step(); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare database %s: %w", path, err), db.Close())
		}
	}
	if s.writer, err = newPool(ctx, db, 1, "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	if db, err = connect(path, readers, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.writer.close())
	}
	if s.reader, err = newPool(ctx, db, readers, "BEGIN"); err != nil {
		return nil, errors.Join(err, s.writer.close())
	}
	return s, nil
}

func connect(path string, connections int, extra string) (*sql.DB, error) {
	const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&"
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: pragmas + extra}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Close waits for running transactions and closes the file.
func (s *Store) Close() error { return errors.Join(s.reader.close(), s.writer.close()) }

// View runs f on a consistent snapshot. f must not keep tx.
func (s *Store) View(ctx context.Context, f func(tx *Tx) error) error {
	return s.reader.run(ctx, func(session *session) error {
		return f(&Tx{ctx: ctx, sql: session, now: time.Now()})
	})
}

// Update runs f as the only writer and commits durably, or leaves nothing behind
// when f or the commit fails. f must not keep tx, nor wait for anything but tx.
func (s *Store) Update(ctx context.Context, f func(tx *Tx) error) error {
	err := s.writer.run(ctx, func(session *session) error {
		return f(&Tx{ctx: ctx, sql: session, now: time.Now()})
	})
	if err != nil {
		return err
	}
	s.announce()
	return nil
}

// Changed returns a channel that is closed at the next commit. Take it before
// reading, so that no commit falls between the reading and the waiting.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Store) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}
