package image

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// version holds the validators by which a server distinguishes versions of a file.
type version struct {
	host           string // that sent it, after redirects
	etag, modified string // ETag, if it is a strong one, and Last-Modified
	length         int64  // bytes of all of it; -1: not known
}

func versionOf(res *http.Response) *version {
	v := &version{host: res.Request.URL.Host, modified: res.Header.Get("Last-Modified"), length: res.ContentLength}
	if tag := res.Header.Get("ETag"); !strings.HasPrefix(tag, "W/") { // bytes may differ under a weak one
		v.etag = tag
	}
	return v
}

// String describes the version to a person.
func (v *version) String() string {
	s := "a file of " + v.host
	if v.length >= 0 {
		s += fmt.Sprintf(" of %d bytes", v.length)
	}
	if v.validator() != "" {
		s += fmt.Sprintf(" (%.80s)", v.validator())
	}
	return s
}

// validator returns the value of If-Range (RFC 9110 section 13.1.5), "" if the server sends
// no validator that is strong enough to join parts.
func (v *version) validator() string {
	if v.etag != "" {
		return v.etag
	}
	return v.modified
}

// continues reports whether a 206 reply is the rest of this version, from offset at on. A server
// may ignore If-Range, and a mirror may have replied, so the validator and the length of the
// reply are compared too. Without a strong ETag both date and length must be known and equal.
func (v *version) continues(res *http.Response, at int64) bool {
	r, ok := contentRange(res.Header.Get("Content-Range"))
	now := versionOf(res)
	switch {
	case !ok, r.first != at, now.length >= 0 && now.length != r.last-r.first+1, res.Header.Get("Content-Encoding") != "",
		v.length >= 0 && r.total >= 0 && r.total != v.length, v.length >= 0 && r.last >= v.length:
		return false
	case v.etag != "":
		return now.etag == v.etag
	}
	return v.modified != "" && now.modified == v.modified && r.total >= 0 && r.total == v.length
}

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
