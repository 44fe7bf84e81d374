package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// column is a name and the way its value takes between T and the database: load
// takes SQLite's value (nil, int64 or string), save returns the value to store.
type column[T any] struct {
	name string
	load func(row *T, v driver.Value) error
	save func(row *T) (driver.Value, error)
}

func wrong(v any, wanted string) error { return fmt.Errorf("column holds %T, want %s", v, wanted) }

// text is a TEXT column; NULL reads as "".
func text[T any, S ~string](name string, at func(*T) *S) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			switch v := v.(type) {
			case nil:
				*at(row) = ""
			case string:
				*at(row) = S(v)
			default:
				return wrong(v, "text")
			}
			return nil
		},
		save: func(row *T) (driver.Value, error) { return string(*at(row)), nil },
	}
}

// null is a TEXT column in which "" is kept as NULL.
func null[T any, S ~string](name string, at func(*T) *S) column[T] {
	c := text(name, at)
	c.save = func(row *T) (driver.Value, error) {
		if *at(row) == "" {
			return nil, nil
		}
		return string(*at(row)), nil
	}
	return c
}

// optional is a TEXT column in which NULL is not "".
func optional[T any](name string, at func(*T) **string) column[T] {
	value := text(name, func(row *T) *string { return *at(row) })
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			if v == nil {
				*at(row) = nil
				return nil
			}
			*at(row) = new(string)
			return value.load(row, v)
		},
		save: func(row *T) (driver.Value, error) {
			if *at(row) == nil {
				return nil, nil
			}
			return **at(row), nil
		},
	}
}

// number is an INTEGER column.
func number[T any](name string, at func(*T) *int64) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			n, ok := v.(int64)
			if !ok {
				return wrong(v, "integer")
			}
			*at(row) = n
			return nil
		},
		save: func(row *T) (driver.Value, error) { return *at(row), nil },
	}
}

// id is the INTEGER PRIMARY KEY: 0 leaves the choice to SQLite.
func id[T any](name string, at func(*T) *int64) column[T] {
	c := number(name, at)
	c.save = func(row *T) (driver.Value, error) {
		if *at(row) == 0 {
			return nil, nil
		}
		return *at(row), nil
	}
	return c
}

// flag is an INTEGER column that holds 0 or 1.
func flag[T any](name string, at func(*T) *bool) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			n, ok := v.(int64)
			if !ok {
				return wrong(v, "integer")
			}
			*at(row) = n != 0
			return nil
		},
		save: func(row *T) (driver.Value, error) { return *at(row), nil },
	}
}

// tristate is a flag that may be NULL.
func tristate[T any](name string, at func(*T) **bool) column[T] {
	value := flag(name, func(row *T) *bool { return *at(row) })
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			if v == nil {
				*at(row) = nil
				return nil
			}
			*at(row) = new(bool)
			return value.load(row, v)
		},
		save: func(row *T) (driver.Value, error) {
			if *at(row) == nil {
				return nil, nil
			}
			return value.save(row)
		},
	}
}

// stamp is a time kept as microseconds since 1970 UTC; the zero time is NULL.
func stamp[T any](name string, at func(*T) *time.Time) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			switch v := v.(type) {
			case nil:
				*at(row) = time.Time{}
			case int64:
				*at(row) = time.UnixMicro(v).UTC()
			default:
				return wrong(v, "integer")
			}
			return nil
		},
		save: func(row *T) (driver.Value, error) {
			if at(row).IsZero() {
				return nil, nil
			}
			return at(row).UnixMicro(), nil
		},
	}
}

// jsonText is a TEXT column that holds JSON; a nil map or slice is kept as empty,
// and empty reads as nil.
func jsonText[T, V any](name, empty string, at func(*T) *V, length func(V) int) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			s, ok := v.(string)
			if !ok {
				return wrong(v, "text")
			}
			*at(row) = *new(V)
			if s == empty {
				return nil
			}
			return json.Unmarshal([]byte(s), at(row))
		},
		save: func(row *T) (driver.Value, error) {
			if length(*at(row)) == 0 {
				return empty, nil
			}
			b, err := json.Marshal(*at(row))
			return string(b), err
		},
	}
}

// object is a column that holds a JSON object; {} reads as nil.
func object[T any, O ~map[string]V, V any](name string, at func(*T) *O) column[T] {
	return jsonText(name, "{}", at, func(o O) int { return len(o) })
}

// list is a column that holds a JSON array; [] reads as nil.
func list[T, V any](name string, at func(*T) *[]V) column[T] {
	return jsonText(name, "[]", at, func(l []V) int { return len(l) })
}

// address is a TEXT column that holds an IP address.
func address[T any](name string, at func(*T) *netip.Addr) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) error {
			s, ok := v.(string)
			if !ok {
				return wrong(v, "text")
			}
			a, err := netip.ParseAddr(s)
			*at(row) = a
			return err
		},
		save: func(row *T) (driver.Value, error) { return at(row).String(), nil },
	}
}

// portal is a TEXT column that holds an IP address and a port; the zero value is NULL.
func portal[T any](name string, at func(*T) *netip.AddrPort) column[T] {
	return column[T]{
		name: name,
		load: func(row *T, v driver.Value) (err error) {
			*at(row) = netip.AddrPort{}
			switch v := v.(type) {
			case nil:
			case string:
				*at(row), err = netip.ParseAddrPort(v)
			default:
				err = wrong(v, "text")
			}
			return err
		},
		save: func(row *T) (driver.Value, error) {
			if !at(row).IsValid() {
				return nil, nil
			}
			return at(row).String(), nil
		},
	}
}
