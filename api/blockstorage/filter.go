package blockstorage

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// filter chooses rows by one argument of the query. Either of is an attribute, which the
// argument may equal, be a list with, or with NAME~ be a part of; or read makes the test.
type filter[T any] struct {
	of   func(*call, T) string
	read func(c *call, name, value string) (func(T) bool, error)
}

// filter makes the test of one argument.
func (l *listing[T]) filter(c *call, name, value string) (func(T) bool, error) {
	plain, like := strings.CutSuffix(name, "~")
	f, ok := l.filters[plain]
	switch {
	case !ok || like && f.of == nil:
		return l.unknown(c, name)
	case f.read != nil:
		return f.read(c, name, value)
	case like:
		value = strings.ToLower(value)
		return func(row T) bool { return strings.Contains(strings.ToLower(f.of(c, row)), value) }, nil
	}
	wanted := alternatives(value)
	return func(row T) bool { return slices.Contains(wanted, f.of(c, row)) }, nil
}

// unknown is the answer to a filter that there is not: it finds nothing, and is refused
// since the microversion from which on Cinder refuses it.
func (l *listing[T]) unknown(c *call, name string) (func(T) bool, error) {
	if c.minor >= sinceRefusal {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid filters %.64s are found in query options; there are %s", name,
			strings.Join(slices.Sorted(maps.Keys(l.filters)), ", "))
	}
	return func(T) bool { return false }, nil
}

// alternatives reads a value, or a list of them such as ['a', 'b'], which clients send as
// Python writes it. None is a value that is missing.
func alternatives(value string) []string {
	if value == "None" {
		return []string{""}
	}
	var list []string
	if strings.HasPrefix(value, "[") && python(value, &list) {
		return list
	}
	return []string{value}
}

// python reads JSON, or what Python prints of an object or list of strings.
func python(text string, into any) bool {
	return json.Unmarshal([]byte(text), into) == nil || json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), into) == nil
}

// byMetadata chooses rows by metadata that they have: {'key': 'value'}. A value that is no
// such object finds nothing.
func byMetadata[T any](of func(T) map[string]string) filter[T] {
	return filter[T]{read: func(_ *call, _, value string) (func(T) bool, error) {
		var want map[string]string
		if !python(value, &want) {
			return func(T) bool { return false }, nil
		}
		return func(row T) bool {
			have := of(row)
			for k, v := range want {
				if got, ok := have[k]; !ok || got != v {
					return false
				}
			}
			return true
		}, nil
	}}
}

// sinceStrict is the microversion from which on a filter that is true or false must be
// one of both; before, what is not false is true.
const sinceStrict = 2

func byFlag[T any](of func(T) bool) filter[T] {
	return filter[T]{read: func(c *call, name, value string) (func(T) bool, error) {
		want, ok := flags[strings.ToLower(value)]
		if !ok && c.minor >= sinceStrict {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "'%s = %.64s' is not true or false", name, value)
		}
		want = want || !ok
		return func(row T) bool { return of(row) == want }, nil
	}}
}

// byTime chooses rows by a time: gt:2026-11-29T12:00:00,lt:2026-11-30T12:00:00.
func byTime[T any](of func(T) time.Time) filter[T] {
	return filter[T]{read: func(_ *call, name, value string) (func(T) bool, error) {
		var tests []func(time.Time) bool
		for part := range strings.SplitSeq(value, ",") {
			operator, text, _ := strings.Cut(part, ":")
			compare, ok := rest.Comparisons[operator]
			if !ok {
				return nil, baremetal.Errorf(baremetal.ErrInvalid, "%s: %.32q is no operator; write gt:, gte:, eq:, neq:, lt: or lte: and a time", name,
					operator)
			}
			at, err := rest.ParseTime(text)
			if err != nil {
				return nil, baremetal.Errorf(baremetal.ErrInvalid, "%s: %.64q is no time of ISO 8601", name, text)
			}
			tests = append(tests, func(t time.Time) bool { return compare(t.Truncate(time.Microsecond).Compare(at)) })
		}
		return func(row T) bool {
			t := of(row)
			return !t.IsZero() && !slices.ContainsFunc(tests, func(test func(time.Time) bool) bool { return !test(t) })
		}, nil
	}}
}
