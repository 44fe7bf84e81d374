package baremetalapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// exchange is one recorded request and Ironic's answer. See testdata/golden/README.md.
type exchange struct {
	Meta *struct {
		Base string `json:"base"`
	} `json:"meta"`
	Group   string `json:"group"`
	Name    string `json:"name"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
		Raw     *string           `json:"raw"`
		hasBody bool
	} `json:"request"`
	Response answer            `json:"response"`
	Bind     map[string]string `json:"bind"`
	Bound    map[string]string `json:"bound"`
	Until    [][2]any          `json:"until"`
	deviates bool              // what it waits for may never come
	Ignore   []string          `json:"ignore"`
	Quirk    string            `json:"quirk"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

// player replays the exchanges of a group on a lab of its own.
type player struct {
	*lab
	vars      map[string]string
	want, got normaliser
}

// later are words of Ironic 21.4.4 and what came in their place, as Ironic 39 says them: JSON Schema's for an empty
// list, the newest microversion, and what came with later ones. The last two are of a server that had agent inspection
// and http-ipxe enabled.
var later = strings.NewReplacer(
	"[] is too short", "[] should be non-empty",
	"[1.1, 1.82]", "[1.1, "+versions.Text(maxMinor)+"]",
	"'rescue abort failure')", "'rescue abort failure', 'service failure')",
	"Expected UUID for port_uuid", "Expected UUID or name for port_uuid",
	"is_smartnic, local_link_connection, node_uuid, physical_network, portgroup_uuid, pxe_enabled",
	"is_smartnic, local_link_connection, node_ident, node_uuid, physical_network, portgroup_uuid, pxe_enabled, name, description, "+
		"vendor, category, "+
		"available_for_dynamic_portgroup",
	"Valid interfaces are ['fake', 'ipxe', 'pxe']", "Valid interfaces are ['fake', 'http-ipxe', 'ipxe', 'pxe']",
	"Valid interfaces are ['fake', 'no-inspect']", "Valid interfaces are ['agent', 'fake', 'no-inspect']",
)

// sinceRecorded adds to an answer of Ironic 21.4.4 what every later one says: its words, the newest
// microversion, and the firmware interface of a node that is validated.
func sinceRecorded(want, got any) any {
	switch v := want.(type) {
	case string:
		return later.Replace(v)
	case map[string]any:
		for k, inner := range v {
			v[k] = sinceRecorded(inner, nil)
		}
		if v["version"] == "1.82" {
			v["version"] = versions.Text(maxMinor)
		}
		if g, _ := got.(map[string]any); v["boot"] != nil && v["deploy"] != nil && v["management"] != nil && g["firmware"] != nil {
			v["firmware"] = g["firmware"]
		}
	case []any:
		for i := range v {
			v[i] = sinceRecorded(v[i], nil)
		}
	}
	return want
}

// newestBase is where the Ironic of the newest recordings listened.
const newestBase = "http://127.0.0.1:28100"

func newPlayer(t *testing.T, base string) *player {
	enabled := []string{"fake-hardware", "ipmi"}
	if base == newestBase {
		enabled = append(enabled, "manual-management", "redfish")
	}
	l := newLabOf(t, enabled)
	return &player{lab: l, vars: map[string]string{}, want: normaliser{base: base, vars: map[string]string{}},
		got: normaliser{base: l.URL, vars: map[string]string{}}}
}

// play sends the request and scores how close the answer is to the recorded one.
func (p *player) play(t *testing.T, ex exchange) verdict {
	answered := perform(t, p.URL, ex, p.vars)
	for name, path := range ex.Bind {
		v, _ := dig(answered.Body, path).(string)
		p.vars[name], p.got.vars[name] = v, v
	}
	for name, v := range ex.Bound {
		p.want.vars[name] = v
	}
	want, got := p.want.value(ex.Response.Body, ex.Ignore), p.got.value(answered.Body, ex.Ignore)
	if p.want.base != newestBase {
		want = sinceRecorded(want, got)
	}
	v := compare(ex, want, got, answered.Status)
	v.status = answered.Status
	return v
}

// readExchanges returns the recording, and the address of the recorded server.
func readExchanges(t *testing.T, file string) (list []exchange, base string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return list, base
		}
		if err != nil {
			t.Fatal(err)
		}
		if ex := parseExchange(t, line); ex.Meta != nil {
			base = ex.Meta.Base
		} else {
			list = append(list, ex)
		}
	}
}

func parseExchange(t *testing.T, line []byte) (ex exchange) {
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&ex); err != nil {
		t.Fatalf("%v in %.100s", err, line)
	}
	var keys struct{ Request map[string]json.RawMessage }
	if err := json.Unmarshal(line, &keys); err != nil {
		t.Fatal(err)
	}
	_, ex.Request.hasBody = keys.Request["body"]
	return ex
}

// perform sends the request, again and again until what the recording waited for.
func perform(t *testing.T, base string, ex exchange, vars map[string]string) answer {
	patience := 20 * time.Second
	if ex.deviates {
		patience = 4 * time.Second
	}
	deadline := time.Now().Add(patience)
	for {
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
	var body io.Reader
	if ex.Request.Raw != nil {
		body = strings.NewReader(*ex.Request.Raw)
	} else if ex.Request.hasBody {
		b, err := json.Marshal(ex.Request.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = strings.NewReader(substitute(string(b), vars))
	}
	r, err := http.NewRequest(ex.Request.Method, base+substitute(ex.Request.Path, vars), body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range ex.Request.Headers {
		r.Header[http.CanonicalHeaderKey(k)] = []string{substitute(v, vars)}
	}
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = nil
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{Body: map[string]any{"transport": err.Error()}}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.Body); err != nil {
			a.Body = map[string]any{"__raw__": string(raw)}
		}
	}
	return a
}

func substitute(s string, vars map[string]string) string {
	for name, v := range vars {
		s = strings.ReplaceAll(s, "{{"+name+"}}", v)
	}
	return s
}

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
