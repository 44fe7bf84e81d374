package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/gzip"

	"ironhook/internal/egress"
	"ironhook/internal/pipes"
	"ironhook/volume"
)

// reply is one answer of a server: its head, and what of its body arrives before the
// connection breaks, if that is less than it announces.
type reply struct {
	status int
	head   string // lines of "Name: value"; "LENGTH" stands for the body's length
	body   []byte
	cut    int // bytes that arrive; 0: all
}

// served answers requests with replies, the last one again and again, and returns what was
// asked for.
func served(t *testing.T, replies []reply) (client *http.Client, ranges *[]string) {
	l, ranges := pipes.Listen(), new([]string)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := replies[min(len(*ranges), len(replies)-1)]
		*ranges = append(*ranges, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
		w.Header().Set("Content-Length", fmt.Sprint(len(now.body)))
		for line := range strings.SplitSeq(now.head, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				w.Header().Set(name, value)
			}
		}
		w.WriteHeader(now.status)
		if now.cut == 0 {
			_, _ = w.Write(now.body)
			return
		}
		_, _ = w.Write(now.body[:now.cut])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return l.Dial(), nil }}}, ranges
}

// TestDownloadBreaksOff has servers that break off once and then answer in all ways: what is
// imported is one version of the file as a whole, or nothing.
func TestDownloadBreaksOff(t *testing.T) {
	old, other := bytes.Repeat([]byte("old "), 50_000), bytes.Repeat([]byte("new "), 50_000)
	const half = 100_000
	size := len(old)
	rest := fmt.Sprintf("\nContent-Range: bytes %d-%d/%d", half, size-1, size)
	long := slices.Concat(old, []byte("more"))
	const a, b, weak, weaker = `ETag: "a"`, `ETag: "b"`, `ETag: W/"a"`, `ETag: W/"b"`
	// The clock of the test begins with the year 2000.
	const day1, day2, now = "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT", "Last-Modified: Sat, 02 Jan 1999 00:00:00 GMT",
		"Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT"
	mixed := slices.Concat(old[:half+5], other[half+5:])
	cut := func(head string) reply { return reply{200, head, old, half} }
	part := func(head string, of []byte) reply { return reply{206, head + rest, of[half:], 0} }
	whole := func(head string, of []byte) reply { return reply{200, head, of, 0} }
	for name, c := range map[string]struct {
		replies  []reply
		want     []byte // nil: refused
		requests int
	}{
		"same ETag":                  {[]reply{cut(a), part(a, old)}, old, 2},
		"same date and length":       {[]reply{cut(day1), part(day1, old)}, old, 2},
		"another ETag, ranges go on": {[]reply{cut(a), part(b, other), whole(b, other), whole(b, other)}, other, 4},
		"another date, ranges go on": {[]reply{cut(day1), part(day2, other), whole(day2, other), whole(day2, other)}, other, 4},
		"another ETag, same date": {[]reply{cut(a + "\n" + day1), part(b+"\n"+day1, other), whole(b, other), whole(b, other)}, other,
			4},
		"an ETag is missing": {[]reply{cut(a), part("", other), whole("", other), whole("", other)}, other, 4},
		"date, length unknown": {[]reply{cut(day1), {206, day1 + "\nContent-Range: bytes 100000-199999/*", other[half:], 0},
			whole(day1, old)}, old, 3},
		"weak ETag cannot say":    {[]reply{cut(weak), whole(weak, old)}, old, 2},
		"weak ETag, another file": {[]reply{cut(weak), whole(weak, other), whole(weak, other)}, other, 3},
		"weak ETag and a date":    {[]reply{cut(weak + "\n" + day1), part(weak+"\n"+day1, old)}, old, 2},
		"another weak ETag, same date": {[]reply{cut(weak + "\n" + day1), part(weaker+"\n"+day1, other), whole(weaker, other),
			whole(weaker, other)}, other, 4},
		"same ETag, another date": {[]reply{cut(a + "\n" + day1), part(a+"\n"+day2, other), whole(a, other), whole(a, other)}, other,
			4},
		"a date of just now":  {[]reply{cut(now), whole(now, other), whole(now, other)}, other, 3},
		"a date that is none": {[]reply{cut("Last-Modified: yesterday"), whole("Last-Modified: yesterday", old)}, old, 2},
		"mirrors by turns": {[]reply{cut(a), {200, b, mixed, half + 50_000},
			{206, a + "\nContent-Range: bytes 150000-199999/200000", old[half+50_000:], 0}, whole(b, mixed)}, mixed, 4},
		"longer, length unsaid": {[]reply{cut(a), {200, b + "\nContent-Length: ", long, 0},
			{200, b + "\nContent-Length: ", long, 0}}, long, 3},
		"mirror with the same bytes": {[]reply{cut(a), whole(b, old)}, old, 2},
		"no ranges":                  {[]reply{cut(day1), whole(day1, old)}, old, 2},
		"no ranges, breaks twice":    {[]reply{cut(day1), {200, day1, old, half + 5}, whole(day1, old)}, old, 3},
		"no validator":               {[]reply{cut(""), whole("", old)}, old, 2},
		"replaced":                   {[]reply{cut(a), whole(b, other), whole(b, other)}, other, 3},
		"grown":                      {[]reply{cut(a), whole(b, long), whole(b, long)}, long, 3},
		"wrong start": {[]reply{cut(a), {206, a + "\nContent-Range: bytes 0-99999/200000", old[half:], 0}, whole(a, old)},
			old, 3},
		"wrong total": {[]reply{cut(a), {206, a + "\nContent-Range: bytes 100000-199999/200001", old[half:], 0},
			whole(a, old)}, old, 3},
		"more than the range": {[]reply{cut(a), {206, a + rest, old, 0}, whole(a, old)}, old, 3},
		"multipart": {[]reply{cut(a), {206, a + "\nContent-Type: multipart/byteranges; boundary=x", []byte("--x"), 0},
			whole(a, old)}, old, 3},
		"416": {[]reply{cut(a), {416, "", nil, 0}, whole(a, old)}, old, 3},
		"slices": {[]reply{cut(a), {206, a + "\nContent-Range: bytes 100000-149999/200000", old[half : half+50_000],
			0}, {206, a + "\nContent-Range: bytes 150000-199999/200000", old[half+50_000:], 0}}, old, 3},
		"encoded for the way": {[]reply{{200, "Content-Encoding: gzip", packed(old), 0}}, old, 1},
		"encoded for the way, breaks off": {[]reply{{200, a + "\nContent-Encoding: gzip", packed(old), 100},
			{200, a + "\nContent-Encoding: gzip", packed(old), 0}}, old, 2},
		"encoded in another way":     {[]reply{{200, "Content-Encoding: br", old, 0}}, nil, 1},
		"206 that was not asked for": {[]reply{part("", old)}, nil, 1},
		"announces too much":         {[]reply{{200, a, long, size}}, nil, maxTries},
		"changes always": {[]reply{cut(a), {200, b, other, half}, {200, a, old, half}, {200, b, other, half},
			{200, a, old, half}, {200, b, other, half}}, nil, 2 * maxStarts},
		"gone":                               {[]reply{cut(a), {404, "", nil, 0}}, nil, 2},
		"breaks off always at the same byte": {[]reply{cut(a), {200, a, old, half}}, nil, maxTries},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			synctest.Test(t, func(t *testing.T) {
				client, asked := served(t, c.replies)
				began := 0
				_, err := Import(t.Context(), d, "img", Request{URL: "http://server/disk.raw", Client: client, Again: func(error) { began++ }})
				if c.want == nil {
					if _, there := d.Stat("img"); err == nil || !errors.Is(there, fs.ErrNotExist) {
						t.Errorf("Import = %v, want an error and no image", err)
					}
				} else if err != nil {
					t.Errorf("Import = %v", err)
				} else if got := contents(t, d, "img"); !bytes.HasPrefix(got, c.want) || len(got)-len(c.want) >= volume.BlockSize {
					t.Errorf("imported %d bytes, %d of them the old file's; want %.4s only", len(got), bytes.Count(got, []byte("old "))*4, c.want)
				}
				if n := len(*asked); n < c.requests || c.want != nil && n != c.requests || n > 2*maxTries {
					t.Errorf("%d requests: %q, want %d", n, *asked, c.requests)
				}
			})
		})
	}
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// TestGet reads small files only, from where it may.
func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "12345678")
	}))
	defer server.Close()
	if got, err := Get(t.Context(), server.URL, server.Client(), 8); err != nil || string(got) != "12345678" {
		t.Errorf("a file of the limit: %q, %v", got, err)
	}
	for name, c := range map[string]struct {
		url    string
		client *http.Client
		says   string
	}{
		"too large": {server.URL, server.Client(), "more than 7 bytes"}, "missing": {server.URL + "/missing", server.Client(), "404"},
		"refused": {server.URL, NewClient(egress.Policy{}), "127.0.0.1"}, "no address": {"file:///etc/passwd", server.Client(), "http://"},
	} {
		if got, err := Get(t.Context(), c.url, c.client, 7); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.says)
		}
	}
}
