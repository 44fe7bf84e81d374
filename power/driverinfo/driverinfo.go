// Package driverinfo reads a node's driver_info for power drivers. A [Reader] collects
// everything that is wrong, so that an operator can correct all of it at once.
package driverinfo

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"ironhook/baremetal"
)

// Reader reads the keys of one node.
type Reader struct {
	info  baremetal.Object
	wrong []string
}

// Read begins to read driver_info. The required ones of keys that it lacks are the first
// thing that is wrong.
func Read(keys []baremetal.Key, info baremetal.Object) *Reader {
	r := &Reader{info: info}
	if missing := baremetal.MissingKeys(keys, info); len(missing) > 0 {
		r.Wrong("missing in node's driver_info: %s", strings.Join(missing, ", "))
	}
	return r
}

// Wrong adds a finding: a clause without a full stop, and never the value of a secret.
func (r *Reader) Wrong(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// Err is ErrInvalid with everything that is wrong, or nil.
func (r *Reader) Err() error {
	if len(r.wrong) == 0 {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "Invalid driver_info: %s.", strings.Join(r.wrong, "; "))
}

// Text returns the value of key, or otherwise if there is none.
func (r *Reader) Text(key, otherwise string) string {
	if s := Text(r.info, key, ""); s != "" {
		return s
	}
	return otherwise
}

// Value returns the value of key as JSON gave it.
func (r *Reader) Value(key string) any { return r.info[key] }

// Int returns the whole number under key, from least to most.
func (r *Reader) Int(key string, otherwise, least, most int) int {
	n, err := strconv.Atoi(r.Text(key, strconv.Itoa(otherwise)))
	if err != nil || n < least || n > most {
		r.Wrong("%s is %q, want a number from %d to %d", key, r.Text(key, ""), least, most)
		return otherwise
	}
	return n
}

// Seconds returns the whole number of seconds under key, 1 to 600.
func (r *Reader) Seconds(key string, otherwise time.Duration) time.Duration {
	return time.Duration(r.Int(key, int(otherwise/time.Second), 1, 600)) * time.Second
}

// OneOf returns the value of key, which is one of the values; the first is the default.
func (r *Reader) OneOf(key string, values ...string) string {
	v := r.Text(key, values[0])
	for _, known := range values {
		if v == known {
			return v
		}
	}
	r.Wrong("%s is %q, want one of %s", key, v, strings.Join(values, ", "))
	return values[0]
}

// Text returns a value as a string, whether JSON had a string or a number there.
func Text(o baremetal.Object, key, otherwise string) string {
	switch v := o[key].(type) {
	case nil:
		return otherwise
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Inexact reports whether the value of key is a number with more digits than were kept: a
// client makes one of a password of digits that is not in quotes.
func Inexact(o baremetal.Object, key string) bool {
	v, ok := o[key].(float64)
	return ok && math.Abs(v) > 1<<53
}

// Flag returns a truth value in any of the forms that Ironic reads.
func Flag(o baremetal.Object, key string, otherwise bool) bool {
	if v, ok := Truth(Text(o, key, "")); ok {
		return v
	}
	return otherwise
}

// Truth reads one of Ironic's forms of a truth value; ok reports whether it is one.
func Truth(s string) (v, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "t", "true", "on", "y", "yes":
		return true, true
	case "0", "f", "false", "off", "n", "no":
		return false, true
	}
	return false, false
}
