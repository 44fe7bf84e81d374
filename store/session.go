package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// session is one connection and the statements prepared on it. Preparing a
// statement of fifty columns takes longer than running it, so they are kept.
//
// It calls the driver directly. Package database/sql would keep a pool of
// connections below ours, take a lock for every row and start a goroutine for every
// statement: together half the time of a small read. A session serves one
// transaction at a time.
type session struct {
	conn       driver.Conn
	statements map[string]statement

	// broken is the first failure in the transaction that was not a mere constraint. SQLite
	// ends a transaction by itself on some of them, and later statements would be written
	// outside of any transaction.
	broken error
}

// statement is a prepared statement of the driver.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxStatements bounds the statements a session keeps: far more than the program has, but
// filters make statements of their own.
const maxStatements = 200

// connect opens a connection to the database file; extra is added to the DSN.
func connect(path, extra string) (*session, error) {
	conn, err := (&sqlite.Driver{}).Open(dsn(path, extra))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return &session{conn: conn, statements: map[string]statement{}}, nil
}

func (s *session) prepare(query string) (statement, error) {
	if stmt, ok := s.statements[query]; ok {
		return stmt, nil
	}
	if len(s.statements) >= maxStatements {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	prepared, err := s.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("prepare: %T is not what SQLite's driver makes", prepared), prepared.Close())
	}
	s.statements[query] = stmt
	return stmt, nil
}

func (s *session) forget() (err error) {
	for query, stmt := range s.statements {
		err = errors.Join(err, stmt.Close())
		delete(s.statements, query)
	}
	return err
}

func (s *session) close() error { return errors.Join(s.forget(), s.conn.Close()) }

// exec and query run a statement to its end: none takes long, and SQLite would
// answer an interruption by taking back more than the statement.
func (s *session) exec(query string, args ...any) (driver.Result, error) {
	stmt, values, err := s.ready(query, args)
	if err != nil {
		return nil, err
	}
	result, err := stmt.ExecContext(context.Background(), values)
	return result, s.note(err)
}

func (s *session) query(query string, args ...any) (driver.Rows, error) {
	stmt, values, err := s.ready(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(context.Background(), values)
	return rows, s.note(err)
}

func (s *session) ready(query string, args []any) (statement, []driver.NamedValue, error) {
	if s.broken != nil {
		return nil, nil, fmt.Errorf("the transaction has failed before: %w", s.broken)
	}
	stmt, err := s.prepare(query)
	if err != nil || len(args) == 0 {
		return stmt, nil, err
	}
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return stmt, values, nil
}

// note remembers a failure after which the transaction cannot go on.
func (s *session) note(err error) error {
	var failed *sqlite.Error
	if err != nil && !(errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_CONSTRAINT) {
		s.broken = err
	}
	return err
}

// control runs BEGIN, COMMIT and their like, which work on a broken transaction too.
func (s *session) control(statement string) error {
	s.broken = nil
	_, err := s.exec(statement)
	s.broken = nil
	return err
}

// rollback takes back the whole transaction. SQLite has taken some back by itself,
// and then reports that there is none; that error and all others can be ignored here.
func (s *session) rollback() { _ = s.control("ROLLBACK") }
