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

// Internal is what a client reads of an error without a kind.
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
	Status int
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a Refusal.
func Refuse(status int, format string, args ...any) error {
	return &Refusal{status, fmt.Sprintf(format, args...)}
}
