package api

import (
	"errors"
	"net/http"

	"ironhook/api/rest"
)

// maxProvisionBody is how large the body of a change of provision state may be: a
// configdrive travels in it. The other bodies have the engine's limits, which are Ironic's.
const maxProvisionBody = 64 << 20

// readBody reads and decodes a body of at most limit bytes; an empty one is an empty
// object. The fault of a body beyond a limit stands alone in the reply, without the usual
// envelope.
func readBody(r *http.Request, limit int64) (any, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return map[string]any{}, nil
	}
	raw, err := rest.ReadBody(r, limit)
	var beyond *rest.Refusal
	if errors.As(err, &beyond) {
		return nil, &fault{status: beyond.Status, text: beyond.Text + " Please contact the service administrator.", bare: true}
	}
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	return rest.Decode(raw)
}

// decode reads one JSON value.
func decode(raw []byte) (any, error) { return rest.Decode(raw) }
