// Package wire is what the Image and the Block Storage API have in common: bodies
// read within limits, answers written as JSON, the status code of each kind of error,
// and the paging of lists. How an error looks is each API's own.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ironhook/baremetal"
)

// maxBody bounds a JSON body; Glance and Cinder allow about as much.
const maxBody = 128 << 10

// Read decodes the JSON body of a request. Errors are ErrInvalid.
func Read(r *http.Request, into any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return baremetal.Errorf(baremetal.ErrInvalid, "The body is larger than %d bytes.", maxBody)
	}
	if err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "The body could not be read.")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field %s: it cannot be a JSON %s.", kind.Field, kind.Value)
		}
		return baremetal.Errorf(baremetal.ErrInvalid, "Malformed request body: %s", err)
	}
	return nil
}

// Reply writes an answer; a nil body is none.
func Reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", body, err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client is gone when this fails
}

// statuses gives each kind of error its status code.
var statuses = []struct {
	kind   error
	status int
}{
	{baremetal.ErrNotFound, http.StatusNotFound},
	{baremetal.ErrInvalid, http.StatusBadRequest},
	{baremetal.ErrConflict, http.StatusConflict},
	{baremetal.ErrForbidden, http.StatusForbidden},
	{baremetal.ErrUnsupported, http.StatusBadRequest},
	{baremetal.ErrBusy, http.StatusServiceUnavailable},
	{baremetal.ErrStorage, http.StatusInsufficientStorage},
}

// Status is the status code and the text of an error. One without a kind is a defect
// or a broken disk: its text stays in the log.
func Status(err error) (status int, text string) {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Status, refusal.Text
	}
	for _, s := range statuses {
		if errors.Is(err, s.kind) {
			return s.status, err.Error()
		}
	}
	return http.StatusInternalServerError, "Internal server error; the log has its cause under this request's id."
}

// Refusal is an error with a status code that no kind has.
type Refusal struct {
	Status int
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a Refusal.
func Refuse(status int, format string, args ...any) error {
	return &Refusal{status, fmt.Sprintf(format, args...)}
}

// Base is the scheme and host under which the client reached us.
func Base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Page cuts a list: what follows the marker, limit rows at most (0 is all that are
// allowed), and whether there is more. An unknown marker is ErrInvalid.
func Page[T any](rows []T, uuid func(T) string, marker string, limit, most int) (page []T, more bool, err error) {
	if marker != "" {
		at := 0
		for at < len(rows) && uuid(rows[at]) != marker {
			at++
		}
		if at == len(rows) {
			return nil, false, baremetal.Errorf(baremetal.ErrInvalid, "marker [%s] not found", marker)
		}
		rows = rows[at+1:]
	}
	if limit == 0 || limit > most {
		limit = most
	}
	if len(rows) > limit {
		return rows[:limit], true, nil
	}
	return rows, false, nil
}

// Limit reads the parameter of that name; 0 if there is none.
func Limit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "limit param must be an integer of 0 or more, not %.32q", text)
	}
	return n, nil
}

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

// Order reads what a list is to be sorted by: sort_key and sort_dir, or sort, of which
// the first key counts. Newest first unless told otherwise.
func Order(given url.Values) (key string, descending bool) {
	key, direction := given.Get("sort_key"), given.Get("sort_dir")
	if sort := given.Get("sort"); sort != "" {
		sort, _, _ = strings.Cut(sort, ",")
		key, direction, _ = strings.Cut(sort, ":")
	}
	return key, direction != "asc"
}
