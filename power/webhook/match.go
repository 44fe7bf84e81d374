package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// match is how the state is read from a reply: the value at a JSON pointer (RFC 6901), or
// without one a text within the reply.
type match struct{ pointer, on, off string }

var errNoState = errors.New("the reply shows neither on nor off")

func (m match) state(body []byte) (baremetal.PowerState, error) {
	on, off := strings.Contains(string(body), m.on), strings.Contains(string(body), m.off)
	if m.pointer != "" {
		value, err := lookup(body, m.pointer)
		if err != nil {
			return "", err
		}
		on, off = value == m.on, value == m.off
	}
	switch {
	case on == off:
		return "", errNoState
	case on:
		return baremetal.PowerOn, nil
	}
	return baremetal.PowerOff, nil
}

// lookup returns the value at a pointer as text.
func lookup(body []byte, pointer string) (string, error) {
	if tooDeep(body) {
		return "", fmt.Errorf("the reply is nested more than %d deep", maxDepth)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return "", errors.New("the reply is not JSON")
	}
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(at) {
				return "", fmt.Errorf("the reply has nothing at %s", pointer)
			}
			v = at[i]
		default:
			return "", fmt.Errorf("the reply has nothing at %s", pointer)
		}
	}
	return fmt.Sprint(v), nil
}

// maxDepth bounds the objects and lists within each other in a reply; those of the templates have 3.
const maxDepth = 64

// tooDeep reports whether JSON is nested deeper than that, before anything is made of it.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body) && depth <= maxDepth; i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth > maxDepth
}
