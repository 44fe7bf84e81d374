package image

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// half is a body that breaks off.
type half struct{ io.Reader }

func (h half) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestUploadInParts(t *testing.T) {
	a := newAPI(t, 4096)
	do := func(method, path, span string, body io.Reader) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, "/image/v2/images"+path, body)
		r.Header.Set("Content-Type", "application/octet-stream")
		if span != "" {
			r.Header.Set("Content-Range", span)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	do("POST", "", "", strings.NewReader(`{"id": "`+id+`", "name": "a", "container_format": "bare"}`))
	for i, x := range []struct {
		span   string
		body   io.Reader
		status int
		offset string
	}{
		{"bytes */10", nil, 202, "0"},
		{"bytes 4-9/10", strings.NewReader("456789"), 409, ""},
		{"bytes 0-3/10", strings.NewReader("0123"), 202, "4"},
		{"bytes */10", nil, 202, "4"},
		{"bytes 0-3/10", strings.NewReader("0123"), 409, "4"}, // a part that has come already
		{"bytes 6-9/10", strings.NewReader("6789"), 409, "4"}, // and one that is missing
		{"bytes 4-9/11", strings.NewReader("456789"), 409, "4"},
		{"bytes 4-9/10", half{strings.NewReader("45")}, 500, ""}, // the connection breaks
		{"bytes */10", nil, 202, "6"},
		{"bytes 6-9/10", strings.NewReader("6789"), 204, ""},
		{"bytes 6-9/10", strings.NewReader("6789"), 409, ""},
		{"bytes 0-9/5000", strings.NewReader("0123456789"), 413, ""},
		{"bytes 9-3/10", nil, 400, ""},
		{"lines 1-2/3", nil, 400, ""},
	} {
		w := do("PUT", "/"+id+"/file", x.span, x.body)
		if w.Code != x.status || w.Header().Get(offsetHeader) != x.offset {
			t.Errorf("%d: %s = %d, offset %q, want %d, %q\n%s", i, x.span, w.Code, w.Header().Get(offsetHeader), x.status, x.offset, w.Body)
		}
	}
	if w := do("GET", "/"+id+"/file", "", nil); w.Body.String() != "0123456789" {
		t.Errorf("the image = %q", w.Body)
	}
	// What is no image is refused before all of it has come, and a deleted one ends its upload.
	second := "11111111-2222-4333-8444-666666666666"
	do("POST", "", "", strings.NewReader(`{"id": "`+second+`", "container_format": "bare"}`))
	if w := do("PUT", "/"+second+"/file", "bytes 0-3/4000", strings.NewReader("0123")); w.Code != 202 {
		t.Errorf("a first part = %d", w.Code)
	}
	if w := do("DELETE", "/"+second, "", nil); w.Code != http.StatusNoContent {
		t.Errorf("deletion during an upload = %d %s", w.Code, w.Body)
	}
	if w := do("PUT", "/"+second+"/file", "bytes 4-7/4000", strings.NewReader("4567")); w.Code != 404 && w.Code != 409 {
		t.Errorf("a part of a deleted image = %d", w.Code)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, text := range []string{"bytes 0-99/1000", "bytes */1000", "bytes 5-4/10", "bytes 0-9/9223372036854775808", "bytes -1-2/3",
		"bytes +1-2/3", "", "bytes "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRange(text)
		if err != nil {
			return
		}
		again := fmt.Sprintf("bytes %d-%d/%d", r.First, r.Last, r.Total)
		if r.First < 0 {
			again = fmt.Sprintf("bytes */%d", r.Total)
		} else if r.Last < r.First || r.Last >= r.Total {
			t.Fatalf("%q is %+v", text, r)
		}
		if same, err := parseRange(again); err != nil || same != r {
			t.Errorf("%q is %+v, and %q is %+v, %v", text, r, again, same, err)
		}
	})
}

// TestFullPages: a page that is full has a next one, also when its length is the usual one.
func TestFullPages(t *testing.T) {
	a := newAPI(t, 0)
	send := func(method, path, body string) string {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		return w.Body.String()
	}
	for n := range usualPage {
		if got := send("GET", "/image/v2/images", ""); strings.Contains(got, `"next"`) {
			t.Errorf("a page of %d has a next one: %s", n, got)
		}
		send("POST", "/image/v2/images", `{}`)
	}
	for _, query := range []string{"", "?limit=25", "?limit=24"} {
		if got := send("GET", "/image/v2/images"+query, ""); !strings.Contains(got, `"next":"/v2/images?`) {
			t.Errorf("a full page %s has no next one", query)
		}
	}
}
