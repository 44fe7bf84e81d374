package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
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
	Ignore   []string          `json:"ignore"`
	Quirk    string            `json:"quirk"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

// verdict is how close our answer came.
type verdict struct {
	pass, exact bool
	why         string
}

// TestGolden replays every recorded exchange with a real Ironic 21.4.4 and allows
// no difference but those listed in testdata/golden/deviations.txt.
func TestGolden(t *testing.T) { replayFolder(t, "testdata/golden", 13) }

// TestRecorded does the same with the groups that were recorded later.
func TestRecorded(t *testing.T) { replayFolder(t, "testdata/recorded", 6) }

func replayFolder(t *testing.T, folder string, groups int) {
	deviations := readDeviations(t, filepath.Join(folder, "deviations.txt"))
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) != groups {
		t.Fatalf("found %d recordings (%v), want %d", len(files), err, groups)
	}
	var total, passed, exact, comparable int
	for _, file := range files {
		group := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(group, func(t *testing.T) {
			s := replay(t, file, group, deviations)
			t.Logf("%s: %d exchanges, %d as Ironic, of %d that can have the very same text %d have", group, s.total, s.passed, s.comparable, s.exact)
			total, passed, exact, comparable = total+s.total, passed+s.passed, exact+s.exact, comparable+s.comparable
		})
	}
	for name, d := range deviations {
		if !d.used {
			t.Errorf("deviations.txt lists %s, which does not deviate", name)
		}
	}
	share := 100 * float64(exact) / float64(comparable)
	t.Logf("total: %d exchanges, %d as Ironic, %d listed deviations; of %d where Ironic did not fail itself %d (%.1f%%) have the very same text",
		total, passed, total-passed, comparable, exact, share)
	if share < 97 {
		t.Errorf("%.1f%% of the answers have the very same text, want at least 97%%", share)
	}
}

type deviation struct {
	reason string
	used   bool
	unsent bool // what it does here would spoil what follows
}

// readDeviations reads the list: a reason at the margin, below it, indented, the
// exchanges it holds for.
func readDeviations(t *testing.T, path string) map[string]*deviation {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]*deviation{}
	lines := bufio.NewScanner(f)
	reason := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case !strings.HasPrefix(line, "  "):
			reason = line
		case reason == "":
			t.Fatalf("deviations.txt: %q has no reason above it", line)
		default:
			name, unsent := strings.CutSuffix(strings.TrimSpace(line), " (not sent)")
			all[name] = &deviation{reason: reason, unsent: unsent}
		}
	}
	return all
}

// score counts a group's exchanges.
type score struct {
	total, passed int
	comparable    int // neither deviations nor Ironic's own failures
	exact         int // of these, with the very same text
}

func replay(t *testing.T, file, group string, deviations map[string]*deviation) (s score) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := newLab(t)
	vars := map[string]string{}
	var want, got normaliser
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return s
		}
		ex := parseExchange(t, line)
		if ex.Meta != nil {
			want, got = normaliser{base: ex.Meta.Base, vars: map[string]string{}}, normaliser{base: l.URL, vars: map[string]string{}}
			continue
		}
		d := deviations[group+"/"+ex.Name]
		if d != nil && d.unsent {
			d.used = true
			s.total++
			continue
		}
		answered := perform(t, l.URL, ex, vars)
		for name, path := range ex.Bind {
			v, _ := dig(answered.Body, path).(string)
			vars[name], got.vars[name] = v, v
		}
		for name, v := range ex.Bound {
			want.vars[name] = v
		}
		v := compare(ex, want.value(ex.Response.Body, ex.Ignore), got.value(answered.Body, ex.Ignore), answered.Status)
		s.total++
		if d == nil && ex.Quirk == "" {
			s.comparable++
			if v.exact {
				s.exact++
			}
		}
		switch {
		case v.pass:
			s.passed++
			if !v.exact && ex.Quirk == "" {
				t.Logf("other text in %s/%s: %s", group, ex.Name, v.why)
			}
		case d != nil:
			d.used = true
		default:
			t.Errorf("%s/%s: %s %s -> %d, Ironic %d\n%s", group, ex.Name, ex.Request.Method, ex.Request.Path, answered.Status, ex.Response.Status, v.why)
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
	deadline := time.Now().Add(5 * time.Second)
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

// compare: a success must be equal, an error must have the same status and the
// same envelope; where Ironic failed (500), any refusal will do.
func compare(ex exchange, want, got any, status int) verdict {
	same := status == ex.Response.Status
	v := verdict{exact: same && reflect.DeepEqual(want, got)}
	switch {
	case ex.Quirk != "":
		v.pass = status >= 400
	case ex.Response.Status >= 400:
		v.pass = same && reflect.DeepEqual(shape(want), shape(got))
	default:
		v.pass = v.exact
	}
	if !v.exact {
		v.why = strings.Join(differences(want, got, ""), "\n")
	}
	return v
}

func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			if k == "faultcode" || k == "code" {
				out[k] = inner
			} else {
				out[k] = shape(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = shape(v[i])
		}
		return out
	}
	return fmt.Sprintf("%T", v)
}

func differences(want, got any, at string) (list []string) {
	w, wo := want.(map[string]any)
	g, g0 := got.(map[string]any)
	if wo && g0 {
		keys := map[string]bool{}
		for k := range w {
			keys[k] = true
		}
		for k := range g {
			keys[k] = true
		}
		for _, k := range sortedKeys(keys) {
			a, inW := w[k]
			b, inG := g[k]
			switch {
			case !inG:
				list = append(list, fmt.Sprintf("    %s.%s: missing, want %.200s", at, k, encode(a)))
			case !inW:
				list = append(list, fmt.Sprintf("    %s.%s: unexpected %.200s", at, k, encode(b)))
			default:
				list = append(list, differences(a, b, at+"."+k)...)
			}
		}
		return list
	}
	wl, ok1 := want.([]any)
	gl, ok2 := got.([]any)
	if ok1 && ok2 && len(wl) == len(gl) {
		for i := range wl {
			list = append(list, differences(wl[i], gl[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
		return list
	}
	if !reflect.DeepEqual(want, got) {
		list = append(list, fmt.Sprintf("    %s: want %.300s\n      got %.300s", at, encode(want), encode(got)))
	}
	return list
}

// normaliser takes out of an answer what is different in every run.
type normaliser struct {
	base string
	vars map[string]string
}

var (
	requestIDs = regexp.MustCompile(`req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	uuids      = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	moments    = regexp.MustCompile(`\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?`)
	impl       = regexp.MustCompile(`\w+ interface implementation '<[^']*>'`)
	unordered  = regexp.MustCompile(`^(enabled_\w+_interfaces|hosts|drivers)$`)
)

func (n normaliser) text(s string) string {
	s = strings.ReplaceAll(s, n.base, "{{base}}")
	names := sortedKeys(n.vars)
	sort.SliceStable(names, func(i, j int) bool { return len(n.vars[names[i]]) > len(n.vars[names[j]]) })
	for _, name := range names {
		if v := n.vars[name]; len(v) > 3 {
			s = strings.ReplaceAll(s, v, "{{"+name+"}}")
		}
	}
	s = requestIDs.ReplaceAllString(s, "<req>")
	s = uuids.ReplaceAllStringFunc(s, func(u string) string {
		if strings.HasPrefix(u, "c0ffee") {
			return u // chosen by the recording
		}
		return "<uuid>"
	})
	s = moments.ReplaceAllString(s, "<ts>")
	return impl.ReplaceAllString(s, "<any> interface implementation '<object>'")
}

func (n normaliser) value(v any, ignore []string) any {
	switch v := v.(type) {
	case string:
		return n.text(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = n.value(v[i], ignore)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			out[n.text(k)] = n.member(k, inner, ignore)
		}
		return out
	}
	return v
}

func (n normaliser) member(k string, v any, ignore []string) any {
	if slices.Contains(ignore, k) {
		return "<ignored>"
	}
	if s, ok := v.(string); ok && k == "error_message" {
		var inner any
		if json.Unmarshal([]byte(s), &inner) == nil {
			return map[string]any{"__json__": n.value(inner, ignore)}
		}
	}
	if list, ok := v.([]any); ok && unordered.MatchString(k) {
		out, _ := n.value(list, ignore).([]any)
		sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
		return out
	}
	return n.value(v, ignore)
}
