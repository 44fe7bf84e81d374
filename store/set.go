package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"ironhook/baremetal"
)

// Set is all rows of one kind, as one transaction sees them.
type Set[T any] struct {
	tx *Tx
	t  *table[T]
}

// stamps are the times that Insert and Update keep; nil where a kind has none.
type stamps struct{ created, updated *time.Time }

// Get returns the row whose key, or else one of whose aliases, is ident: all of it, or only these
// columns, in little time. Absence is ErrNotFound with Ironic's message.
func (s Set[T]) Get(ident string, columns ...string) (*T, error) {
	t := s.t.some(columns)
	for _, column := range append([]string{s.t.key}, s.t.aliases...) {
		rows, err := s.read(t, "WHERE "+column+" = ?", ident)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			return rows[0], nil
		}
	}
	return nil, s.absent(ident)
}

// Find is Get without the error for absence: the row is nil then.
func (s Set[T]) Find(ident string, columns ...string) (*T, error) {
	row, err := s.Get(ident, columns...)
	if errors.Is(err, baremetal.ErrNotFound) {
		return nil, nil
	}
	return row, err
}

func (s Set[T]) absent(ident any) error {
	return baremetal.Errorf(baremetal.ErrNotFound, "%s %v could not be found.", s.t.noun, ident)
}

// List returns the rows that q asks for, in its order.
func (s Set[T]) List(q Query) ([]*T, error) {
	tail, args, err := s.tail(q)
	if err != nil {
		return nil, err
	}
	return s.read(s.t.some(q.Columns), tail, args...)
}

// Count returns how many rows there are. SQLite counts the pages of an index, not rows.
func (s Set[T]) Count() (n int64, err error) {
	rows, err := s.tx.query("SELECT count(*) FROM " + s.t.name)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", s.t.noun, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	value := make([]driver.Value, 1)
	if err := rows.Next(value); err != nil {
		return 0, fmt.Errorf("count %s: %w", s.t.noun, s.tx.sql.note(err))
	}
	n, ok := value[0].(int64)
	if !ok {
		return 0, fmt.Errorf("count %s: %w", s.t.noun, wrong(value[0], "a number"))
	}
	return n, nil
}

// Each calls f with the rows that q asks for, in its order. The row is f's for the
// length of the call only: the next is read into the same place, so that a long list
// costs no memory. f must not use the transaction.
func (s Set[T]) Each(q Query, f func(row *T) error) error {
	tail, args, err := s.tail(q)
	if err != nil {
		return err
	}
	row := new(T)
	return s.scan(s.t.some(q.Columns), func() *T { return row }, f, tail, args...)
}

// Insert adds row, setting its time of creation where it has none. A broken
// uniqueness rule is ErrConflict with Ironic's message.
func (s Set[T]) Insert(row *T) error {
	if at := s.stamps(row).created; at != nil && at.IsZero() {
		*at = s.tx.now
	}
	result, err := s.write(s.t, row, s.t.insert)
	if err != nil || s.t.order == "rowid" {
		return err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return fmt.Errorf("insert %s: %w", s.t.noun, err)
	}
	return s.t.columns[0].load(row, id)
}

// Update writes every field of row back, and its time of change.
func (s Set[T]) Update(row *T) error { return s.update(s.t, row) }

// Change writes only these columns of row back, and its time of change: of a row that was read in part, or
// of which no more than its key is known.
func (s Set[T]) Change(row *T, columns ...string) error {
	return s.update(s.t.some(append(columns, "updated_at")), row)
}

func (s Set[T]) update(t *table[T], row *T) error {
	if at := s.stamps(row).updated; at != nil {
		*at = s.tx.now
	}
	var key any
	for _, c := range s.t.columns {
		if c.name == s.t.key {
			key, _ = c.save(row)
		}
	}
	result, err := s.write(t, row, t.update, key)
	if err != nil {
		return err
	}
	return s.touched(result, key)
}

// Delete removes the row with this key and all that belongs to it.
func (s Set[T]) Delete(key string) error {
	result, err := s.tx.exec(s.t.remove, key)
	if err != nil {
		return fmt.Errorf("delete %s: %w", s.t.noun, err)
	}
	return s.touched(result, key)
}

// touched returns ErrNotFound for a statement that changed no row.
func (s Set[T]) touched(result driver.Result, key any) error {
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return s.absent(key)
}

func (s Set[T]) stamps(row *T) stamps {
	if s.t.stamps == nil {
		return stamps{}
	}
	return s.t.stamps(row)
}

// write runs a statement on the columns of t, which is s.t or a part of it, of row, followed by further arguments.
func (s Set[T]) write(t *table[T], row *T, statement string, behind ...any) (driver.Result, error) {
	values := make([]any, 0, len(t.columns)+len(behind))
	for _, c := range t.columns {
		v, err := c.save(row)
		if err != nil {
			return nil, fmt.Errorf("write %s: %s: %w", s.t.noun, c.name, err)
		}
		values = append(values, v)
	}
	result, err := s.tx.exec(statement, append(values, behind...)...)
	if err == nil {
		return result, nil
	}
	if conflict := s.t.conflict(err, row); conflict != nil {
		return nil, conflict
	}
	return nil, fmt.Errorf("write %s: %w", s.t.noun, err)
}

func (s Set[T]) query(tail string, args ...any) ([]*T, error) {
	return s.read(s.t, tail, args...)
}

// read selects the columns of t, which is s.t or a part of it.
func (s Set[T]) read(t *table[T], tail string, args ...any) (found []*T, err error) {
	err = s.scan(t, func() *T { return new(T) }, func(row *T) error { found = append(found, row); return nil }, tail, args...)
	return found, err
}

// scan reads each row into what place returns and gives it to f.
func (s Set[T]) scan(t *table[T], place func() *T, f func(*T) error, tail string, args ...any) (err error) {
	rows, err := s.tx.query(t.read+tail, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.t.noun, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(t.columns))
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read %s: %w", s.t.noun, s.tx.sql.note(err))
		}
		row := place()
		for i, c := range t.columns {
			if err := c.load(row, values[i]); err != nil {
				return fmt.Errorf("read %s: %s: %w", s.t.noun, c.name, err)
			}
		}
		if err := f(row); err != nil {
			return err
		}
	}
}
