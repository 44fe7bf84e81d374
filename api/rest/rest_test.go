package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{baremetal.Errorf(baremetal.ErrNotFound, "a"), 404, "a"},
		{baremetal.Errorf(baremetal.ErrInvalid, "a"), 400, "a"},
		{baremetal.Errorf(baremetal.ErrConflict, "a"), 409, "a"},
		{baremetal.Errorf(baremetal.ErrLocked, "a"), 409, "a"},
		{baremetal.Errorf(baremetal.ErrForbidden, "a"), 403, "a"},
		{baremetal.Errorf(baremetal.ErrUnsupported, "a"), 400, "a"},
		{baremetal.Errorf(baremetal.ErrTooNew, "a"), 406, "a"},
		{baremetal.Errorf(baremetal.ErrBusy, "a"), 503, "a"},
		{baremetal.Errorf(baremetal.ErrBMC, "a"), 500, "a"},
		{baremetal.Errorf(baremetal.ErrStorage, "damaged"), 500, "damaged"},
		{baremetal.Errorf(baremetal.ErrNoSpace, "full"), 507, "full"},
		{fmt.Errorf("wrapped: %w", Refuse(418, "a %d", 1)), 418, "a 1"},
		{context.DeadlineExceeded, 504, "context deadline exceeded"},
		{errors.New("a secret of the disk"), 500, Internal},
	} {
		if status, text := Status(c.err); status != c.status || text != c.text {
			t.Errorf("Status(%v) = %d %q, want %d %q", c.err, status, text, c.status, c.text)
		}
	}
}

func TestReadBody(t *testing.T) {
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"Name": "` + strings.Repeat("x", MaxBody) + `"}`, 413, "too large"},
		{strings.Repeat("[", MaxDepth+1), 400, "nested too deeply"},
		{"[" + strings.Repeat("1,", MaxValues) + "1]", 400, "more than 131072 values"},
		{`{"Name": 1}`, 400, "field Name: it cannot be a JSON number"},
		{`[]`, 400, "it cannot be a JSON array"},
		{``, 400, "Malformed request body"},
		{`{"Name": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}`, 0, ""},
	} {
		var into struct{ Name string }
		err := Read(httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(c.body)), &into)
		if c.status == 0 && err == nil {
			continue
		}
		if status, text := Status(err); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("Read(%.40s) = %d %s, want %d with %q", c.body, status, text, c.status, c.says)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ raw, says string }{
		{`{"a":[1e999]}`, "out of range"}, {`{} {}`, "more behind"}, {`{"a":`, "not valid JSON"}, {`{"a":[12345678901234567890]}`, ""},
	} {
		_, err := Decode([]byte(c.raw))
		if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("Decode(%s) = %v, want %q", c.raw, err, c.says)
		}
	}
}

func TestNegotiate(t *testing.T) {
	malformed, unsupported := errors.New("malformed"), errors.New("unsupported")
	both := Versions{Service: "baremetal", Header: "X-Old", Major: 1, Min: 1, Max: 82, Default: 1,
		Malformed: func(string) error { return malformed }, Unsupported: func(int, int) error { return unsupported }}
	one := both
	one.Service, one.Header, one.Major, one.Min, one.Default = "volume", "", 3, 0, 0
	for _, c := range []struct {
		v           *Versions
		common, old []string
		minor       int
		err         error
	}{
		{&both, nil, nil, 1, nil},
		{&both, nil, []string{"1.33"}, 33, nil},
		{&both, []string{"baremetal 1.40"}, []string{"1.33"}, 40, nil},
		{&both, []string{"compute 2.1, Baremetal 1.40"}, nil, 40, nil},
		{&both, []string{"compute 2.1", "baremetal latest"}, nil, 82, nil},
		{&both, []string{"volume 3.1"}, []string{"1.2"}, 2, nil},
		{&both, nil, []string{"x"}, 0, malformed},
		{&both, nil, []string{"1.83"}, 0, unsupported},
		{&both, nil, []string{"1.0"}, 0, unsupported},
		{&both, nil, []string{"2.1"}, 0, unsupported},
		{&one, []string{"baremetal 1.1, volume 3.59"}, nil, 59, nil},
		{&one, []string{"volume 3"}, nil, 0, malformed},
		{&one, []string{"volume 2.0"}, nil, 0, unsupported},
		{&one, nil, nil, 0, nil},
	} {
		h := http.Header{}
		if c.common != nil {
			h[CommonHeader] = c.common
		}
		if c.old != nil {
			h["X-Old"] = c.old
		}
		if minor, err := c.v.Negotiate(h); minor != c.minor || err != c.err {
			t.Errorf("%s: Negotiate(%v) = %d, %v, want %d, %v", c.v.Service, h, minor, err, c.minor, c.err)
		}
	}
}

func TestCut(t *testing.T) {
	rows := []string{"a", "b", "c", "d", "e"}
	for _, c := range []struct {
		query, rows, next string
		bad               bool
	}{
		{"", "abc", "marker=c", false},
		{"limit=2&name=x", "ab", "limit=2&marker=b&name=x", false},
		{"limit=2&marker=b", "cd", "limit=2&marker=d", false},
		{"limit=2&marker=d", "e", "", false},
		{"limit=9&marker=a", "bcde", "", false},
		{"limit=0", "abcd", "limit=0&marker=d", false},
		{"marker=e", "", "", false},
		{"marker=x", "", "", true},
		{"limit=-1", "", "", true},
		{"limit=x", "", "", true},
	} {
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		page, err := Cut(slices.Clone(rows), func(s string) string { return s }, query, 3, 4)
		if got := strings.Join(page.Rows, ""); got != c.rows || page.Next.Encode() != c.next || errors.Is(err, baremetal.ErrInvalid) != c.bad {
			t.Errorf("Cut(%s) = %s, next %s, %v; want %s, next %s", c.query, got, page.Next.Encode(), err, c.rows, c.next)
		}
	}
}

func TestQuery(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"?node=a", "a"}, {"?node=a&node=b", "more than once"}, {"?nodes=a", "Unexpected argument"}, {"?%zz", "Malformed"}, {"", ""},
	} {
		given, err := Query(httptest.NewRequestWithContext(t.Context(), "GET", "/"+c.query, nil), "node", "limit")
		if err == nil && given["node"] != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Query(%s) = %v, %v, want %s", c.query, given, err, c.want)
		}
	}
}

// TestPatch holds the operations to the examples of RFC 6902, appendix A, and to every
// reason for which one does not apply.
func TestPatch(t *testing.T) {
	for _, c := range []struct{ doc, op, path, value, want string }{
		{`{"foo":"bar"}`, "add", "/baz", `"qux"`, `{"baz":"qux","foo":"bar"}`},                             // A.1
		{`{"foo":["bar","baz"]}`, "add", "/foo/1", `"qux"`, `{"foo":["bar","qux","baz"]}`},                 // A.2
		{`{"baz":"qux","foo":"bar"}`, "remove", "/baz", ``, `{"foo":"bar"}`},                               // A.3
		{`{"foo":["bar","qux","baz"]}`, "remove", "/foo/1", ``, `{"foo":["bar","baz"]}`},                   // A.4
		{`{"baz":"qux","foo":"bar"}`, "replace", "/baz", `"boo"`, `{"baz":"boo","foo":"bar"}`},             // A.5
		{`{"foo":"bar"}`, "add", "/child", `{"grandchild":{}}`, `{"child":{"grandchild":{}},"foo":"bar"}`}, // A.10
		{`{"foo":"bar"}`, "add", "/baz/bat", `"qux"`, "no member /baz"},                                    // A.12
		{`{"/":9,"~1":10}`, "replace", "/~01", `11`, `{"/":9,"~1":11}`},                                    // A.14
		{`{"foo":["bar"]}`, "add", "/foo/-", `["abc","def"]`, `{"foo":["bar",["abc","def"]]}`},             // A.16
		{`{"a":[[{}]]}`, "add", "/a/0/0/x", `null`, `{"a":[[{"x":null}]]}`},
		{`{}`, "add", "/a", ``, "no value"},
		{`{"a":1}`, "add", "/a/b", `1`, "neither an object nor a list at /a/b"},
		{`{}`, "replace", "/a", `1`, "no member or item /a"},
		{`{"a":[]}`, "remove", "/a/0", ``, "no member or item /a/0"},
		{`{"a":[]}`, "add", "/a/01", `1`, "/a/01 is not an index"},
		{`{"a":[1]}`, "replace", "/a/-", `1`, "end of a list"},
		{`{"a":[1]}`, "remove", "/a/-", ``, "end of a list"},
		{`{"a":[1]}`, "add", "/a/1/b", `1`, "no item /a/1"},
		{`{"a":[1]}`, "add", "/a/2", `1`, "ends before /a/2"},
		{`{"a":[1]}`, "replace", "/a/1", `1`, "no item /a/1"},
		{`{"password":"s3"}`, "remove", "/password/x/y", ``, "neither an object"},
	} {
		doc, err := Decode([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		o := Operation{Op: c.op, Path: c.path, HasValue: c.value != ""}
		if o.HasValue {
			if o.Value, err = Decode([]byte(c.value)); err != nil {
				t.Fatal(err)
			}
		}
		err = Patch(doc.(map[string]any), []Operation{o})
		got := string(Encode(doc))
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != c.want || err != nil && (!strings.Contains(got, c.want) || strings.Contains(got, "s3")) {
			t.Errorf("%s %s %s on %s = %s, want %s", c.op, c.path, c.value, c.doc, got, c.want)
		}
	}
}

// TestPublished: links begin with the configured URL, and never with what a header says.
func TestPublished(t *testing.T) {
	for base, want := range map[string]string{"": "http://inside:6385", "https://cloud.example": "https://cloud.example"} {
		var got string
		h := Published(base, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Base(r) }))
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://inside:6385/", http.NoBody)
		r.Header.Set("X-Forwarded-Proto", "ftp")
		r.Header.Set("X-Forwarded-Host", "evil.example")
		if h.ServeHTTP(httptest.NewRecorder(), r); got != want {
			t.Errorf("Published(%q): links begin with %s, want %s", base, got, want)
		}
	}
}
