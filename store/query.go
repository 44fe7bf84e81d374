package store

import (
	"fmt"
	"strings"

	"ironhook/baremetal"
)

// Query asks for a page of a [Set]. The zero Query asks for everything in order
// of creation.
type Query struct {
	Filters []Filter
	Columns []string // to read; the other fields stay empty; nil reads all
	SortKey string   // a column; "" is the order of creation
	Desc    bool
	Marker  string // key of the last row of the page before; "" starts at the first
	Limit   int    // rows at most; 0 is all
}

// Filter keeps the rows whose column matches.
type Filter struct {
	Column string
	Match  Match
	Value  any      // a []string for In; nothing for Null and NotNull
	Any    []Filter // when there are some, one of these must match instead
}

// Match is how a filter compares.
type Match int

// The comparisons. Contains ignores case, as Ironic's description_contains does.
const (
	Equal Match = iota
	NotEqual
	Null
	NotNull
	Contains
	In
)

// Where is the most common filter: column equals value.
func Where(column string, value any) Query {
	return Query{Filters: []Filter{{Column: column, Value: value}}}
}

// tail makes everything after FROM: the filters, the condition of the marker, the
// order and the limit.
func (s Set[T]) tail(q Query) (string, []any, error) {
	var where []string
	var args []any
	for _, f := range q.Filters {
		clause, values, err := s.clause(f)
		if err != nil {
			return "", nil, err
		}
		where, args = append(where, clause), append(args, values...)
	}
	key := q.SortKey
	if key == "" {
		key = s.t.order
	} else if !s.t.has(key) {
		return "", nil, baremetal.Errorf(baremetal.ErrInvalid, "The sort_key value %q is an invalid field for sorting", key)
	}
	if q.Marker != "" {
		if _, err := s.Get(q.Marker); err != nil {
			return "", nil, err
		}
		where, args = append(where, s.after(key, q.Desc)), append(args, q.Marker)
	}
	tail := ""
	if len(where) > 0 {
		tail = "WHERE " + strings.Join(where, " AND ")
	}
	direction := " ASC"
	if q.Desc {
		direction = " DESC"
	}
	tail += " ORDER BY " + key + direction
	if key != s.t.order {
		tail += ", " + s.t.order + direction
	}
	if q.Limit > 0 {
		tail += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	return tail, args, nil
}

// after is the condition "comes after the row whose key is ?" in the order of
// sort, then of creation. SQLite sorts NULL before every value, so does this. In the order
// of creation, which is that of the table, it begins there and skips nothing.
func (s Set[T]) after(sort string, desc bool) string {
	beyond, nulls := ">", "m IS NULL AND s IS NOT NULL"
	if desc {
		beyond, nulls = "<", "m IS NOT NULL AND s IS NULL"
	}
	if sort == s.t.order {
		return fmt.Sprintf("%s %s (SELECT %[1]s FROM %[3]s WHERE %[4]s = ?)", sort, beyond, s.t.name, s.t.key)
	}
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM (SELECT %[2]s AS m, %[3]s AS n, %[1]s.%[2]s AS s, %[1]s.%[3]s AS r FROM %[1]s AS x WHERE x.%[5]s = ?)
		WHERE s %[4]s m OR (%[6]s) OR (s IS m AND r %[4]s n))`,
		s.t.name, sort, s.t.order, beyond, s.t.key, nulls)
}

func (s Set[T]) clause(f Filter) (string, []any, error) {
	if len(f.Any) > 0 {
		return s.either(f.Any)
	}
	if !s.t.has(f.Column) {
		return "", nil, fmt.Errorf("filter %s by %q: no such column", s.t.noun, f.Column)
	}
	switch f.Match {
	case Null:
		return f.Column + " IS NULL", nil, nil
	case NotNull:
		return f.Column + " IS NOT NULL", nil, nil
	case NotEqual:
		return f.Column + " IS NOT ?", []any{f.Value}, nil
	case Contains:
		return "instr(lower(" + f.Column + "), lower(?)) > 0", []any{f.Value}, nil
	case In:
		values, _ := f.Value.([]string)
		args := make([]any, len(values))
		for i, v := range values {
			args[i] = v
		}
		return f.Column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")", args, nil
	default:
		return f.Column + " = ?", []any{f.Value}, nil
	}
}

func (s Set[T]) either(filters []Filter) (string, []any, error) {
	var clauses []string
	var args []any
	for _, f := range filters {
		clause, values, err := s.clause(f)
		if err != nil {
			return "", nil, err
		}
		clauses, args = append(clauses, clause), append(args, values...)
	}
	return "(" + strings.Join(clauses, " OR ") + ")", args, nil
}
