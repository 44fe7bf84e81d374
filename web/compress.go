package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

// compressed serves next with gzip to browsers that take it: a dashboard of a thousand
// machines is a twentieth of its size. Nothing here is both secret and beside text of an
// attacker's choice, so that sizes disclose nothing (BREACH). Streams are not compressed:
// their messages are small, and a compressor for each would take a megabyte.
func compressed(next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Add("Vary", "Accept-Encoding")
		if r.Method != http.MethodGet || r.Header.Get("Range") != "" || !takesGzip(r.Header.Get("Accept-Encoding")) {
			next(rw, r)
			return
		}
		z := &gzipped{ResponseWriter: rw}
		defer z.end()
		next(z, r)
	}
}

// takesGzip reads an Accept-Encoding (RFC 9110 section 12.5.3). What asks for gzip with a
// weight of zero does not take it.
func takesGzip(accept string) bool {
	for one := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(weight), "q="), "0")
			return weight != "." && strings.Trim(weight, ".0") != "" || !strings.Contains(one, "q=")
		}
	}
	return false
}

// gzipped compresses the body of an answer that has one.
type gzipped struct {
	http.ResponseWriter
	to *gzip.Writer // nil before the status is known, and for an answer without a body
}

var compressors = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// WriteHeader decides: an answer without a body has none to compress.
func (z *gzipped) WriteHeader(status int) {
	if status != http.StatusNotModified && status != http.StatusNoContent && (status < 300 || status >= 400) {
		z.Header().Set("Content-Encoding", "gzip")
		z.Header().Del("Content-Length")
		z.to = compressors.Get().(*gzip.Writer)
		z.to.Reset(z.ResponseWriter)
	}
	z.ResponseWriter.WriteHeader(status)
}

func (z *gzipped) Write(b []byte) (int, error) {
	if z.to == nil {
		return z.ResponseWriter.Write(b)
	}
	return z.to.Write(b)
}

// FlushError sends what has been written (see [http.ResponseController]).
func (z *gzipped) FlushError() error {
	if z.to != nil {
		if err := z.to.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(z.ResponseWriter).Flush()
}

func (z *gzipped) end() {
	if z.to != nil {
		z.to.Close() //nolint:errcheck // the browser went away
		compressors.Put(z.to)
	}
}
