package rest

import "time"

// Comparisons are what may stand before a time.
var Comparisons = map[string]func(int) bool{
	"gt": func(n int) bool { return n > 0 }, "gte": func(n int) bool { return n >= 0 },
	"lt": func(n int) bool { return n < 0 }, "lte": func(n int) bool { return n <= 0 },
	"eq": func(n int) bool { return n == 0 }, "neq": func(n int) bool { return n != 0 },
}

// layouts are the forms of a time in a query. Without a zone it is UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"}

// ParseTime reads a time of a query.
func ParseTime(text string) (t time.Time, err error) {
	for _, layout := range layouts {
		if t, err = time.Parse(layout, text); err == nil {
			break
		}
	}
	return t, err
}
