package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"ironhook/baremetal"
)

// Encode returns the JSON of a value that always has one.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}

// Reply writes an answer; a nil body is none.
func Reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	ReplyRaw(w, status, Encode(body))
}

// ReplyRaw writes JSON as it is; an empty body is none.
func ReplyRaw(w http.ResponseWriter, status int, body []byte) {
	if len(body) > 0 {
		w.Header()["Content-Type"] = jsonType
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.Write(body) // the client is gone when this fails
	}
}

var jsonType = []string{"application/json"}

// Fail writes an error as OpenStack's middleware and the appliance's own API do.
func Fail(w http.ResponseWriter, status int, text string) {
	Reply(w, status, map[string]any{"error": map[string]any{"code": status, "message": text}})
}

// Note readies the answer to a request that was not done. A client that comes when all
// workers are busy is asked to come again; what fails through our own fault is logged, under
// the id that the answer carries.
func Note(log *slog.Logger, w http.ResponseWriter, r *http.Request, status int, err error) {
	switch {
	case errors.Is(err, baremetal.ErrBusy):
		w.Header().Set("Retry-After", "1")
	case status >= http.StatusInternalServerError:
		log.Error("request failed", "request", w.Header().Get("X-Openstack-Request-Id"), "method", r.Method, "path", r.URL.Path, "error", err)
	}
}

// publicURL is the key of a request's context under which Published keeps its base.
type publicURL struct{}

// Published returns next with requests whose links begin with base, a scheme and host,
// where a proxy before us hides those that clients ask for. "" changes nothing.
func Published(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), publicURL{}, base)))
	})
}

// Base is the scheme and host under which the client reached us.
func Base(r *http.Request) string {
	if base, ok := r.Context().Value(publicURL{}).(string); ok {
		return base
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// The forms of a time, by service.
const (
	GlanceTime = "2006-01-02T15:04:05Z"
	CinderTime = "2006-01-02T15:04:05.000000"
)

// Time is the form of a time in layout, or null.
func Time(t time.Time, layout string) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(layout)
}

// Text is a string, or null for an empty one.
func Text[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return s
}
