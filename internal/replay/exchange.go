package replay

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// exchange is one recorded request and its answer.
type exchange struct {
	Meta *struct {
		Base string `json:"base"`
	} `json:"meta"`
	Name    string `json:"name"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"` // "null" is one
		Raw     *string           `json:"raw"`
	} `json:"request"`
	Response answer            `json:"response"`
	Bind     map[string]string `json:"bind"`
	Bound    map[string]string `json:"bound"`
	Until    [][2]any          `json:"until"`
	Ignore   []string          `json:"ignore"`
	Quirk    string            `json:"quirk"`
}

type answer struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

// read returns the recording, and the address of the recorded server.
func read(t *testing.T, file string) (list []exchange, base string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return list, base
		}
		if err != nil {
			t.Fatal(err)
		}
		var ex exchange
		if err := json.Unmarshal(line, &ex); err != nil {
			t.Fatalf("%v in %.100s", err, line)
		}
		if ex.Meta != nil {
			base = ex.Meta.Base
		} else {
			list = append(list, ex)
		}
	}
}

// limit bounds the wait for what a recording waited for.
const limit = 20 * time.Second

// perform sends the request, again and again until what the recording waited for.
func perform(t *testing.T, base string, ex exchange, vars map[string]string) answer {
	t.Helper()
	for deadline := time.Now().Add(limit); ; {
		a := send(t, base, ex, vars)
		reached := true
		for _, u := range ex.Until {
			path, _ := u[0].(string)
			reached = reached && reflect.DeepEqual(dig(a.Body, path), u[1])
		}
		if reached || time.Now().After(deadline) {
			return a
		}
	}
}

func send(t *testing.T, base string, ex exchange, vars map[string]string) answer {
	t.Helper()
	var body io.Reader
	switch {
	case ex.Request.Raw != nil:
		body = strings.NewReader(*ex.Request.Raw)
	case ex.Request.Body != nil:
		body = strings.NewReader(substitute(string(ex.Request.Body), vars))
	}
	r, err := http.NewRequestWithContext(t.Context(), ex.Request.Method, base+substitute(ex.Request.Path, vars), body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["User-Agent"] = nil
	for k, v := range ex.Request.Headers {
		r.Header[http.CanonicalHeaderKey(k)] = []string{substitute(v, vars)}
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode}
	if len(raw) > 0 && json.Unmarshal(raw, &a.Body) != nil {
		a.Body = map[string]any{"__raw__": string(raw)}
	}
	return a
}

func substitute(s string, vars map[string]string) string {
	for name, v := range vars {
		s = strings.ReplaceAll(s, "{{"+name+"}}", v)
	}
	return s
}

// dig returns the value at a path such as volumes.0.id, nil if there is none.
func dig(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}
