package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"ironhook/baremetal"
)

// statuses gives each kind of error its status code; of the kinds that an error has, the
// first counts.
var statuses = []struct {
	kind   error
	status int
}{
	{baremetal.ErrNotFound, http.StatusNotFound},
	{baremetal.ErrFormat, http.StatusUnsupportedMediaType},
	{baremetal.ErrInvalid, http.StatusBadRequest},
	{baremetal.ErrConflict, http.StatusConflict},
	{baremetal.ErrLocked, http.StatusConflict},
	{baremetal.ErrForbidden, http.StatusForbidden},
	{baremetal.ErrUnsupported, http.StatusBadRequest},
	{baremetal.ErrTooNew, http.StatusNotAcceptable},
	{baremetal.ErrBusy, http.StatusServiceUnavailable},
	{baremetal.ErrNoSpace, http.StatusInsufficientStorage},
	{baremetal.ErrStorage, http.StatusInternalServerError},
	{baremetal.ErrBMC, http.StatusInternalServerError},
	{context.DeadlineExceeded, http.StatusGatewayTimeout},
}

// Internal is the message to a client for an error without a kind.
const Internal = "Internal server error; the log has its cause under this request's id."

// Status returns the status code and the text of an error. An error without a kind is a
// defect or a broken disk: its text stays in the log.
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
	return http.StatusInternalServerError, Internal
}

// Refusal is an error with a status code that no kind has.
type Refusal struct {
	Status int    // of HTTP, 400 or more
	Text   string // for the client
	Form   Form
}

// Error is the text for the client.
func (r *Refusal) Error() string { return r.Text }

// Form is which part of a service refused: an API may wrap the text of each differently.
type Form int

// The forms.
const (
	ByHandler Form = iota // the handler of a route
	ByRouter              // the router or the negotiation, before a handler is reached
	Verbatim              // the client gets the text alone, without an envelope
)

// Refuse makes the Refusal of a handler.
func Refuse(status int, format string, args ...any) error {
	return &Refusal{Status: status, Text: fmt.Sprintf(format, args...)}
}

// Abort makes a Refusal in the router's form; an empty text leaves the status to speak.
func Abort(status int, text string) error {
	return &Refusal{Status: status, Text: text, Form: ByRouter}
}

// Invalid makes the Refusal of input that breaks a rule: 400.
func Invalid(format string, args ...any) error {
	return Refuse(http.StatusBadRequest, format, args...)
}

// NotAcceptable is the Refusal of input that is newer than the request's microversion: 406.
// The text names the minor version since; 0 leaves that out, as Ironic mostly does.
func NotAcceptable(since int) error {
	if since == 0 {
		return Refuse(http.StatusNotAcceptable, "Request not acceptable.")
	}
	return Refuse(http.StatusNotAcceptable, "Request not acceptable. The minimal required API version should be 1.%d", since)
}

// ErrNoRoute is the Refusal of a path that leads nowhere.
var ErrNoRoute = Abort(http.StatusNotFound, "")
