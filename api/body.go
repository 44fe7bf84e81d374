package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// The limits of a request body, which are Ironic's.
const (
	maxBody          = 1 << 20
	maxProvisionBody = 64 << 20 // a configdrive travels in it
	maxDepth         = 25
)

// errBody is the fault of a body beyond a limit. It stands alone in the reply,
// without the usual envelope.
func errBody(status int, what string) error {
	return &fault{status: status, text: "Request body " + what + ". Please contact the service administrator.", bare: true}
}

// readBody reads and decodes a body of at most limit bytes; an empty one is an
// empty object.
func readBody(r *http.Request, limit int64) (any, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return map[string]any{}, nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errBody(http.StatusRequestEntityTooLarge, "is too large")
	}
	if err != nil {
		return nil, invalid("The request body could not be read.")
	}
	if len(bytes.TrimSpace(raw)) == 0 && len(raw) == 0 {
		return map[string]any{}, nil
	}
	if depth(raw) > maxDepth {
		return nil, errBody(http.StatusBadRequest, "JSON is nested too deeply")
	}
	return decode(raw)
}

// decode reads one JSON value, keeping numbers as they are written.
func decode(raw []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err = d.Decode(&v); err == nil {
		if _, err = d.Token(); err == io.EOF {
			return v, finite(v)
		}
		err = errors.New("there is more behind the first value")
	}
	return nil, invalid("The request body is not valid JSON: %s", err)
}

// finite refuses numbers that are beyond a double, which the database could keep
// and nobody read again.
func finite(v any) (err error) {
	switch v := v.(type) {
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return invalid("The request body holds the number %.40s, which is out of range.", v)
		}
	case []any:
		for _, item := range v {
			if err = finite(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err = finite(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// depth is how deeply brackets nest in raw, be it JSON or not.
func depth(raw []byte) (deepest int) {
	level, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
