package timing

import (
	"net/http"
	"time"
)

// Handler counts the requests of a handler.
func (s *Set) Handler(server, what string, h http.Handler) http.Handler {
	if s == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, answer := time.Now(), &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() { s.Since(begun, Key{server, what, Class(answer.status)}) }()
		h.ServeHTTP(answer, r)
	})
}

// answer notes the status.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController, which finds the deadlines by it.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
