package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
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

// Get returns the row whose key or alias is ident. Absence is ErrNotFound with
// Ironic's message.
func (s Set[T]) Get(ident string) (*T, error) {
	where, args := s.t.key+" = ?", []any{ident}
	if s.t.alias != "" {
		where, args = where+" OR "+s.t.alias+" = ?", append(args, ident)
	}
	rows, err := s.query("WHERE "+where+" LIMIT 1", args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, baremetal.Errorf(baremetal.ErrNotFound, "%s %s could not be found.", s.t.noun, ident)
	}
	return rows[0], nil
}

// List returns the rows that q asks for, in its order.
func (s Set[T]) List(q Query) ([]*T, error) {
	tail, args, err := s.tail(q)
	if err != nil {
		return nil, err
	}
	return s.read(s.t.some(q.Columns), tail, args...)
}

// Insert adds row, setting its time of creation where it has none. A broken
// uniqueness rule is ErrConflict with Ironic's message.
func (s Set[T]) Insert(row *T) error {
	if at := s.stamps(row).created; at != nil && at.IsZero() {
		*at = s.tx.now
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(s.t.columns)), ", ")
	result, err := s.exec(row, "INSERT INTO "+s.t.name+" ("+s.t.names()+") VALUES ("+marks+")", s.t.fields(row)...)
	if err != nil || s.t.order == "rowid" {
		return err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return fmt.Errorf("insert %s: %w", s.t.noun, err)
	}
	return s.t.columns[0].at(row).Scan(id)
}

// Update writes every field of row back, and its time of change.
func (s Set[T]) Update(row *T) error {
	if at := s.stamps(row).updated; at != nil {
		*at = s.tx.now
	}
	var key any
	for _, c := range s.t.columns {
		if c.name == s.t.key {
			key = c.at(row)
		}
	}
	set := strings.ReplaceAll(s.t.names(), ",", " = ?,") + " = ?"
	result, err := s.exec(row, "UPDATE "+s.t.name+" SET "+set+" WHERE "+s.t.key+" = ?", append(s.t.fields(row), key)...)
	if err != nil {
		return err
	}
	return s.touched(result, key)
}

// Delete removes the row with this key and all that belongs to it.
func (s Set[T]) Delete(key string) error {
	result, err := s.exec(nil, "DELETE FROM "+s.t.name+" WHERE "+s.t.key+" = ?", key)
	if err != nil {
		return err
	}
	return s.touched(result, key)
}

// touched makes "no such row" of a statement that met none.
func (s Set[T]) touched(result sql.Result, key any) error {
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	if f, ok := key.(field); ok {
		key, _ = f.Value()
	}
	return baremetal.Errorf(baremetal.ErrNotFound, "%s %v could not be found.", s.t.noun, key)
}

func (s Set[T]) stamps(row *T) stamps {
	if s.t.stamps == nil {
		return stamps{}
	}
	return s.t.stamps(row)
}

func (s Set[T]) exec(row *T, statement string, args ...any) (sql.Result, error) {
	// INSERT leaves the id to SQLite: a zero id is NULL.
	result, err := s.tx.sql.exec(s.tx.ctx, statement, args...)
	if err == nil {
		return result, nil
	}
	if conflict := s.t.conflict(err, row); conflict != nil {
		return nil, conflict
	}
	return nil, fmt.Errorf("write %s: %w", s.t.noun, err)
}

func (s Set[T]) query(tail string, args ...any) ([]*T, error) { return s.read(s.t, tail, args...) }

// read selects the columns of t, which is s.t or a part of it.
func (s Set[T]) read(t *table[T], tail string, args ...any) (found []*T, err error) {
	rows, err := s.tx.sql.query(s.tx.ctx, "SELECT "+t.names()+" FROM "+t.name+" "+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.t.noun, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	// One row is scanned into again and again: its fields are made once.
	scanned := new(T)
	fields := t.fields(scanned)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.t.noun, err)
		}
		row := *scanned
		found = append(found, &row)
	}
	return found, rows.Err()
}
