package api

import (
	"errors"
	"fmt"
	"net/http"

	"ironhook/api/rest"
)

// fault is an error as a client sees it.
type fault struct {
	status int
	text   string
	abort  bool // said by the router rather than by a handler: another inner shape
	plain  bool // the text goes into error_message as it is
	bare   bool // no envelope around the inner shape
}

func (f *fault) Error() string { return f.text }

func faultf(status int, format string, args ...any) error {
	return &fault{status: status, text: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return faultf(http.StatusBadRequest, format, args...)
}

// abort is how Ironic's router says no, before a handler is reached.
func abort(status int, text string) error {
	return &fault{status: status, text: text, abort: true}
}

// notAcceptable is the answer to input that is newer than the request's
// microversion; since 0 leaves the hint out, as Ironic mostly does.
func notAcceptable(since int) error {
	if since == 0 {
		return faultf(http.StatusNotAcceptable, "Request not acceptable.")
	}
	return faultf(http.StatusNotAcceptable, "Request not acceptable. The minimal required API version should be 1.%d", since)
}

// notFound is the answer to an endpoint newer than the request's microversion.
func notFound() error { return faultf(http.StatusNotFound, "Resource could not be found.") }

// asFault finds the client's view of any error.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	status, text := rest.Status(err)
	return &fault{status: status, text: text}
}

// as gives err another status when it is of this kind: a node that a body names
// and that does not exist is a bad request, not a missing resource.
func as(err, kind error, status int) error {
	if errors.Is(err, kind) {
		return &fault{status: status, text: asFault(err).text}
	}
	return err
}

// body is the reply's body: JSON in a string in JSON, which is what
// python-ironicclient decodes.
func (f *fault) body() []byte {
	if f.plain {
		return envelope(f.text)
	}
	inner := map[string]any{"code": f.status, "title": http.StatusText(f.status), "description": f.text}
	if !f.abort {
		code := "Client"
		if f.status >= 500 {
			code = "Server"
		}
		inner = map[string]any{"faultcode": code, "faultstring": f.text, "debuginfo": nil}
	}
	if f.bare {
		return encode(inner)
	}
	return envelope(string(encode(inner)))
}

func envelope(text string) []byte { return encode(map[string]string{"error_message": text}) }

// encode is for values that always have a JSON form.
func encode(v any) []byte { return rest.Encode(v) }

func isKind(err, kind error) bool { return errors.Is(err, kind) }

func isFault(err error, status int) bool {
	var f *fault
	return errors.As(err, &f) && f.status == status
}
