package store

import (
	"slices"
	"strings"

	"ironhook/baremetal"
)

// table maps the fields of T to columns: everything that the statements of [Set] are
// made from.
type table[T any] struct {
	name    string   // of the SQL table
	noun    string   // name of a row in Ironic's messages
	key     string   // the column that identifies a row to clients
	aliases []string // other columns that do, in the order in which they are tried
	order   string   // the column that gives the order of creation
	columns []column[T]
	sort    []string // columns that are only there to sort by
	unique  []rule[T]
	stamps  func(*T) stamps

	// What follows from the columns; newTable makes it.
	read, insert, update, remove string
}

// rule is a uniqueness constraint: the columns as SQLite names them in its error,
// and Ironic's message for the row that breaks it.
type rule[T any] struct {
	columns string
	message func(*T) string
}

// newTable completes t with its statements.
func newTable[T any](t table[T]) *table[T] {
	names := t.names()
	t.state()
	t.insert = "INSERT INTO " + t.name + " (" + names + ") VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ") + ")"
	t.remove = "DELETE FROM " + t.name + " WHERE " + t.key + " = ?"
	return &t
}

// state makes the statements that a part of a table has, too.
func (t *table[T]) state() {
	names := t.names()
	t.read = "SELECT " + names + " FROM " + t.name + " "
	t.update = "UPDATE " + t.name + " SET " + strings.ReplaceAll(names, ",", " = ?,") + " = ? WHERE " + t.key + " = ?"
}

func (t *table[T]) names() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// some is t for reading or updating only these columns, in t's order; nil is all of t.
func (t *table[T]) some(names []string) *table[T] {
	if names == nil {
		return t
	}
	part := &table[T]{name: t.name, noun: t.noun, key: t.key, unique: t.unique}
	for _, c := range t.columns {
		if slices.Contains(names, c.name) {
			part.columns = append(part.columns, c)
		}
	}
	part.state()
	return part
}

// has reports whether name is a column of t. No other name gets into a statement, so no
// client's text becomes SQL.
func (t *table[T]) has(name string) bool {
	if slices.Contains(t.sort, name) {
		return true
	}
	for _, c := range t.columns {
		if c.name == name {
			return true
		}
	}
	return false
}

// conflict turns SQLite's "UNIQUE constraint failed: nodes.name" into Ironic's
// words, nil when err is something else.
func (t *table[T]) conflict(err error, row *T) error {
	_, columns, found := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
	if !found {
		return nil
	}
	columns, _, _ = strings.Cut(columns, " (")
	for _, r := range t.unique {
		if columns == r.columns {
			return baremetal.Errorf(baremetal.ErrConflict, "%s", r.message(row))
		}
	}
	return baremetal.Errorf(baremetal.ErrConflict, "%s already exists (%s).", t.noun, columns)
}
