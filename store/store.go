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

	"ironhook/internal/timing"
)

// Store is the open database. Its methods are safe for concurrent use.
type Store struct {
	writer *writer
	reader *reader

	// Times counts the transactions. It is set before the first, or never.
	Times *timing.Set

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every commit
}

// readers is how many snapshots can be read at once; more would only queue for
// the processors.
const readers = 8

// Open opens the database file at path, creating it with schema when it is new
// and migrating it when it is older, of which a copy stays at path with .schema-N behind
// it. The files are readable by their owner only, for they hold CHAP and BMC secrets.
func Open(ctx context.Context, path, schema string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := prepare(ctx, path, schema); err != nil {
		return nil, fmt.Errorf("prepare database %s: %w", path, err)
	}
	s := &Store{changed: make(chan struct{})}
	if s.writer, err = newWriter(path, s.announce); err != nil {
		return nil, err
	}
	if s.reader, err = newReader(path, readers); err != nil {
		return nil, errors.Join(err, s.writer.close())
	}
	return s, nil
}

// prepare brings the file to the newest schema. A copy of an older one stays beside it.
func prepare(ctx context.Context, path, schema string) error {
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		return err
	}
	if err = keepCopy(ctx, db, path); err == nil {
		err = migrate(ctx, db, schema, nil)
	}
	if err == nil {
		err = examine(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// dsn is the name under which the driver opens the file, with everything that makes
// a commit durable.
func dsn(path, extra string) string {
	const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&"
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: pragmas + extra}).String()
}

// Close waits for running transactions and closes the file.
func (s *Store) Close() error { return errors.Join(s.reader.close(), s.writer.close()) }

// View runs f on a consistent snapshot. f must not keep tx.
func (s *Store) View(ctx context.Context, f func(tx *Tx) error) (err error) {
	trace(ctx, false)
	defer s.count(time.Now(), "view", &err)
	return s.reader.run(ctx, func(session *session) error {
		return f(&Tx{ctx: ctx, sql: session, now: time.Now()})
	})
}

// Update runs f as the only writer and commits durably, or leaves nothing behind
// when f or the commit fails. f must not keep tx, nor wait for anything but tx: an
// Update that has run before may have to wait for this one to be committed with it.
func (s *Store) Update(ctx context.Context, f func(tx *Tx) error) (err error) {
	trace(ctx, true)
	defer s.count(time.Now(), "update", &err)
	return full(s.writer.run(ctx, func(session *session) error {
		return f(&Tx{ctx: ctx, sql: session, now: time.Now()})
	}))
}

func (s *Store) count(begun time.Time, what string, err *error) {
	s.Times.Since(begun, timing.Key{Server: "store", What: what, Outcome: timing.Outcome(*err)})
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
