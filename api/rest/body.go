package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"ironhook/baremetal"
)

// The limits of a JSON body.
const (
	MaxBody   = 1 << 20 // bytes, where a route does not say otherwise
	MaxDepth  = 25      // of nested objects and lists
	MaxValues = 1 << 17 // objects, lists and their items, each of which takes many times its bytes in memory
)

// The refusals of a body beyond a limit.
var (
	ErrTooLarge = Refuse(http.StatusRequestEntityTooLarge, "Request body is too large.")
	ErrTooDeep  = Refuse(http.StatusBadRequest, "Request body JSON is nested too deeply.")
	ErrTooMany  = Refuse(http.StatusBadRequest, "Request body JSON has more than %d values.", MaxValues)
)

// ReadBody returns the body of a request: at most limit bytes, brackets nested at most MaxDepth
// deep, and at most MaxValues values.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, ErrTooLarge
	case err != nil:
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "The request body could not be read.")
	}
	switch deepest, values := shape(raw); {
	case deepest > MaxDepth:
		return nil, ErrTooDeep
	case values > MaxValues:
		return nil, ErrTooMany
	}
	return raw, nil
}

// Read decodes the JSON body of a request into a struct.
func Read(r *http.Request, into any) error {
	raw, err := ReadBody(r, MaxBody)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field == "" {
			return baremetal.Errorf(baremetal.ErrInvalid, "Malformed request body: it cannot be a JSON %s.", kind.Value)
		}
		if kind != nil {
			return baremetal.Errorf(baremetal.ErrInvalid, "Invalid input for field %s: it cannot be a JSON %s.", kind.Field, kind.Value)
		}
		return baremetal.Errorf(baremetal.ErrInvalid, "Malformed request body: %s", err)
	}
	return nil
}

// ReadObject decodes the JSON body of a request, which must be an object.
func ReadObject(r *http.Request) (map[string]any, error) {
	raw, err := ReadBody(r, MaxBody)
	if err != nil {
		return nil, err
	}
	body, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	object, ok := body.(map[string]any)
	if !ok {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Malformed JSON in request body: an object was expected.")
	}
	return object, nil
}

// Decode reads one JSON value and keeps numbers as they are written.
func Decode(raw []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err = d.Decode(&v); err == nil {
		if _, err = d.Token(); err == io.EOF {
			return v, finite(v)
		}
		err = errors.New("there is more behind the first value")
	}
	return nil, baremetal.Errorf(baremetal.ErrInvalid, "The request body is not valid JSON: %s", err)
}

// finite refuses numbers beyond a double, which the database could keep and no client
// could read again.
func finite(v any) (err error) {
	switch v := v.(type) {
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return baremetal.Errorf(baremetal.ErrInvalid, "The request body holds the number %.40s, which is out of range.", v)
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

// shape returns how deeply brackets nest in raw, whether or not it is JSON, and how many values it has
// at most: those that begin with a bracket or stand after a comma.
func shape(raw []byte) (deepest, values int) {
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
			values++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		case c == ',':
			values++
		}
	}
	return deepest, values
}
