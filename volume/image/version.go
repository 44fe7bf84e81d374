package image

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// version holds the validators by which a server distinguishes versions of a file.
type version struct {
	host     string // that sent it, after redirects
	tag      string // ETag
	modified string // Last-Modified
	settled  bool   // a change since would have changed Last-Modified
	length   int64  // bytes of all of it; -1: not known
}

// settling is how old a file must be for its Last-Modified to be a strong validator: it counts
// seconds, and the clocks of a server and its file system differ (RFC 9110 section 8.8.2.2).
const settling = time.Minute

func versionOf(res *http.Response) *version {
	h := res.Header
	v := &version{host: res.Request.URL.Host, tag: h.Get("ETag"), modified: h.Get("Last-Modified"), length: res.ContentLength}
	sent, err1 := http.ParseTime(h.Get("Date"))
	modified, err2 := http.ParseTime(v.modified)
	v.settled = err1 == nil && err2 == nil && sent.Sub(modified) >= settling
	return v
}

// String describes the version to a person.
func (v *version) String() string {
	s := "a file of " + v.host
	if v.length >= 0 {
		s += fmt.Sprintf(" of %d bytes", v.length)
	}
	if known := cmp.Or(v.tag, v.modified); known != "" {
		s += fmt.Sprintf(" (%.80s)", known)
	}
	return s
}

// validator returns the value of If-Range (RFC 9110 section 13.1.5), "" if the server sends
// no validator that is strong enough to join parts: bytes may differ under a weak ETag.
func (v *version) validator() string {
	switch {
	case v.tag != "" && !strings.HasPrefix(v.tag, "W/"):
		return v.tag
	case v.settled:
		return v.modified
	}
	return ""
}

// continues reports whether a 206 reply is the rest of this version, from offset at on. A server
// may ignore If-Range, and a mirror may have replied, so what the reply says of its file is
// compared too. Without a strong ETag both date and length must be known and equal.
func (v *version) continues(res *http.Response, at int64) bool {
	r, ok := contentRange(res.Header.Get("Content-Range"))
	now := versionOf(res)
	switch {
	case !ok, r.first != at, now.length >= 0 && now.length != r.last-r.first+1, res.Header.Get("Content-Encoding") != "",
		v.length >= 0 && r.total >= 0 && r.total != v.length, v.length >= 0 && r.last >= v.length,
		differ(now.tag, v.tag), differ(now.modified, v.modified):
		return false
	case v.validator() == v.tag:
		return now.tag == v.tag
	}
	return now.modified == v.modified && r.total >= 0 && r.total == v.length
}

// differ reports whether two validators are of different versions. One that is missing says nothing.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// span is a parsed Content-Range: first byte, last byte, and complete length, -1 if that is
// unknown.
type span struct{ first, last, total int64 }

// contentRange parses "bytes 5-9/10" or "bytes 5-9/*" (RFC 9110 section 14.4).
func contentRange(s string) (r span, ok bool) {
	s, found := strings.CutPrefix(s, "bytes ")
	part, all, cut := strings.Cut(s, "/")
	from, to, dash := strings.Cut(part, "-")
	if !found || !cut || !dash {
		return r, false
	}
	first, err1 := strconv.ParseUint(from, 10, 63)
	last, err2 := strconv.ParseUint(to, 10, 63)
	r = span{int64(first), int64(last), -1}
	if err1 != nil || err2 != nil || last < first {
		return r, false
	}
	if all == "*" {
		return r, true
	}
	total, err := strconv.ParseUint(all, 10, 63)
	r.total = int64(total)
	return r, err == nil && last < total
}
