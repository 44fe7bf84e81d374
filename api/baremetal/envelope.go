package baremetalapi

import (
	"errors"
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// refusalOf returns the refusal that a client receives for an error.
func refusalOf(err error) *rest.Refusal {
	var r *rest.Refusal
	if errors.As(err, &r) {
		return r
	}
	status, text := rest.Status(err)
	return &rest.Refusal{Status: status, Text: text}
}

// envelope is the body of a refusal: JSON in a string in JSON, which is what
// python-ironicclient decodes. The refusal of a body beyond a limit stands alone, as that of
// Ironic's middleware does.
func envelope(r *rest.Refusal) []byte {
	if r.Form == rest.Verbatim {
		return message(r.Text)
	}
	if errors.Is(r, rest.ErrTooLarge) || errors.Is(r, rest.ErrTooDeep) {
		return rest.Encode(inner(&rest.Refusal{Status: r.Status, Text: r.Text + " Please contact the service administrator."}))
	}
	return message(string(rest.Encode(inner(r))))
}

func message(text string) []byte { return rest.Encode(map[string]string{"error_message": text}) }

// inner is the content of the envelope: WSME's form for a handler, Pecan's for the router.
func inner(r *rest.Refusal) map[string]any {
	if r.Form == rest.ByRouter {
		return map[string]any{"code": r.Status, "title": http.StatusText(r.Status), "description": r.Text}
	}
	code := "Client"
	if r.Status >= http.StatusInternalServerError {
		code = "Server"
	}
	return map[string]any{"faultcode": code, "faultstring": r.Text, "debuginfo": nil}
}

// unknownNode gives the error of a node that does not exist another status: where the
// request only refers to it, that is a bad request and not a missing resource.
func unknownNode(err error) error {
	if errors.Is(err, baremetal.ErrNotFound) {
		return rest.Invalid("%s", refusalOf(err).Text)
	}
	return err
}
