package rest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// Page is one page of a list.
type Page[T any] struct {
	Rows []T
	Next url.Values // the query of the next page; nil after the last
}

// Cut returns the page of rows that the query asks for by marker and limit: usual rows
// where it does not say, and most rows at most. An unknown marker is ErrInvalid.
func Cut[T any](rows []T, uuid func(T) string, query url.Values, usual, most int) (Page[T], error) {
	limit, err := limitOf(query, usual, most)
	if err != nil {
		return Page[T]{}, err
	}
	if marker := query.Get("marker"); marker != "" {
		at := 0
		for at < len(rows) && uuid(rows[at]) != marker {
			at++
		}
		if at == len(rows) {
			return Page[T]{}, baremetal.Errorf(baremetal.ErrInvalid, "marker [%.64s] not found", marker)
		}
		rows = rows[at+1:]
	}
	if len(rows) <= limit {
		return Page[T]{Rows: rows}, nil
	}
	next := maps.Clone(query)
	next.Set("marker", uuid(rows[limit-1]))
	return Page[T]{rows[:limit], next}, nil
}

// limitOf reads the limit of a page; 0 asks for as many rows as are allowed.
func limitOf(query url.Values, usual, most int) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "limit param must be an integer of 0 or more, not %.32q", text)
	}
	if n == 0 || n > most {
		n = most
	}
	return n, nil
}

// Order reads the sort order of a list: sort_key and sort_dir, or sort, of which
// the first key counts. The newest comes first where the query does not say.
func Order(query url.Values) (key string, descending bool) {
	key, direction := query.Get("sort_key"), query.Get("sort_dir")
	if sort := query.Get("sort"); sort != "" {
		sort, _, _ = strings.Cut(sort, ",")
		key, direction, _ = strings.Cut(sort, ":")
	}
	return key, direction != "asc"
}

// Query reads the query of a route that takes these arguments, each at most once.
func Query(r *http.Request, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Malformed query string: %s", err)
	}
	given := map[string]string{}
	for _, name := range known {
		if list := values[name]; len(list) > 1 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "The argument %s is given more than once.", name)
		} else if len(list) == 1 {
			given[name] = list[0]
		}
		delete(values, name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Unexpected argument %.64q: this path takes %s.", name, strings.Join(known, ", "))
	}
	return given, nil
}
