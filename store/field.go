package store

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// field is one column's place in a domain value: it reads itself from the
// database and writes itself to it.
type field interface {
	sql.Scanner
	driver.Valuer
}

// codec makes a field of a pair of functions: load takes what SQLite gave (nil,
// int64 or string), save gives what SQLite shall keep.
type codec struct {
	load func(any) error
	save func() (driver.Value, error)
}

func (c codec) Scan(v any) error                 { return c.load(v) }
func (c codec) Value() (driver.Value, error)     { return c.save() }
func wrong(v any, wanted string) error           { return fmt.Errorf("column holds %T, want %s", v, wanted) }
func value(v driver.Value) (driver.Value, error) { return v, nil }

// text is a TEXT column; NULL reads as "".
func text[S ~string](p *S) field {
	return codec{
		load: func(v any) error {
			switch v := v.(type) {
			case nil:
				*p = ""
			case string:
				*p = S(v)
			default:
				return wrong(v, "text")
			}
			return nil
		},
		save: func() (driver.Value, error) { return value(string(*p)) },
	}
}

// null is a TEXT column in which "" is kept as NULL.
func null[S ~string](p *S) field {
	f := text(p).(codec)
	f.save = func() (driver.Value, error) {
		if *p == "" {
			return value(nil)
		}
		return value(string(*p))
	}
	return f
}

// number is an INTEGER column.
func number(p *int64) field {
	return codec{
		load: func(v any) error {
			n, ok := v.(int64)
			if !ok {
				return wrong(v, "integer")
			}
			*p = n
			return nil
		},
		save: func() (driver.Value, error) { return value(*p) },
	}
}

// flag is an INTEGER column that holds 0 or 1.
func flag(p *bool) field {
	return codec{
		load: func(v any) error {
			n, ok := v.(int64)
			if !ok {
				return wrong(v, "integer")
			}
			*p = n != 0
			return nil
		},
		save: func() (driver.Value, error) { return value(*p) },
	}
}

// tristate is a flag that may be NULL.
func tristate(p **bool) field {
	return codec{
		load: func(v any) error {
			*p = nil
			if v == nil {
				return nil
			}
			*p = new(bool)
			return flag(*p).Scan(v)
		},
		save: func() (driver.Value, error) {
			if *p == nil {
				return value(nil)
			}
			return value(**p)
		},
	}
}

// stamp is a time kept as microseconds since 1970 UTC; the zero time is NULL.
func stamp(p *time.Time) field {
	return codec{
		load: func(v any) error {
			switch v := v.(type) {
			case nil:
				*p = time.Time{}
			case int64:
				*p = time.UnixMicro(v).UTC()
			default:
				return wrong(v, "integer")
			}
			return nil
		},
		save: func() (driver.Value, error) {
			if p.IsZero() {
				return value(nil)
			}
			return value(p.UnixMicro())
		},
	}
}

// jsonText is a TEXT column that holds v as JSON; a nil map or slice is kept as empty.
func jsonText[T any](p *T, empty string) field {
	return codec{
		load: func(v any) error {
			s, ok := v.(string)
			if !ok {
				return wrong(v, "text")
			}
			*p = *new(T)
			if s == empty {
				return nil
			}
			return json.Unmarshal([]byte(s), p)
		},
		save: func() (driver.Value, error) {
			b, err := json.Marshal(*p)
			if err != nil {
				return nil, err
			}
			if s := string(b); s != "null" {
				return s, nil
			}
			return empty, nil
		},
	}
}

// object is a column that holds a JSON object; {} reads as nil.
func object[T ~map[string]V, V any](p *T) field { return jsonText(p, "{}") }

// list is a column that holds a JSON array; [] reads as nil.
func list[T any](p *[]T) field { return jsonText(p, "[]") }

// address is a TEXT column that holds an IP address.
func address(p *netip.Addr) field {
	return codec{
		load: func(v any) error {
			s, ok := v.(string)
			if !ok {
				return wrong(v, "text")
			}
			a, err := netip.ParseAddr(s)
			*p = a
			return err
		},
		save: func() (driver.Value, error) { return value(p.String()) },
	}
}
