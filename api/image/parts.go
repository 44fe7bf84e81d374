package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// An upload may come in parts, each a PUT .../file with a Content-Range (RFC 9110 section
// 14.4), so that a browser can go on after the connection broke. The answer to all but the
// last is 202 with Ironhook-Offset, the byte to go on with; "bytes */TOTAL" without a body
// asks for it. Glance has nothing like it. The bytes go on into the image as they come: an
// upload that is not continued for a while is over, and so is one that a restart interrupts.

// offsetHeader is the byte to go on with.
const offsetHeader = "Ironhook-Offset"

// partPatience is how long an upload waits for its next part.
const partPatience = 15 * time.Minute

// parts is an upload that comes in parts.
type parts struct {
	total  int64
	to     *io.PipeWriter
	given  *time.Timer   // gives up
	ended  chan struct{} // closed when err is valid
	err    error
	turn   sync.Mutex // of the request that sends; it guards offset
	offset int64
}

// uploads are those that have begun and not ended, by the image.
type uploads struct {
	mu   sync.Mutex
	open map[string]*parts
}

// contentRange is a part: the bytes from First to Last of Total; First is -1 for none of them.
type contentRange struct{ First, Last, Total int64 }

// parseRange reads "bytes 0-99/1000" or "bytes */1000".
func parseRange(text string) (r contentRange, err error) {
	bad := baremetal.Errorf(baremetal.ErrInvalid, "Content-Range must be bytes FIRST-LAST/TOTAL or bytes */TOTAL, not %.64q.", text)
	span, total, found := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	if !found || !strings.HasPrefix(text, "bytes ") {
		return r, bad
	}
	if r.Total, err = count(total); err != nil || r.Total == 0 {
		return r, bad
	}
	if span == "*" {
		r.First = -1
		return r, nil
	}
	first, last, found := strings.Cut(span, "-")
	r.First, err = count(first)
	if err == nil {
		r.Last, err = count(last)
	}
	if err != nil || !found || r.Last < r.First || r.Last >= r.Total {
		return r, bad
	}
	return r, nil
}

// count reads a number of bytes: digits alone.
func count(text string) (int64, error) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(text, 10, 64)
}

// receivePart takes one part of an upload, or says with which to go on.
func (c *call) receivePart(w http.ResponseWriter, body io.Reader, span string) error {
	r, err := parseRange(span)
	switch {
	case err != nil:
		return err
	case r.Total > c.MaxSize:
		return tooLarge(c.MaxSize)
	}
	p, err := c.parts(r)
	if err != nil {
		return err
	}
	if p == nil { // nothing has begun
		return wantPart(w, 0)
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	p.given.Reset(partPatience)
	switch {
	case r.First < 0:
		return wantPart(w, p.offset)
	case r.First != p.offset || r.Total != p.total:
		w.Header().Set(offsetHeader, strconv.FormatInt(p.offset, 10))
		return baremetal.Errorf(baremetal.ErrConflict, "The upload of %d bytes goes on with byte %d.", p.total, p.offset)
	}
	sent, err := io.Copy(countingWriter{p}, io.LimitReader(body, r.Last-r.First+1))
	switch {
	case errors.Is(err, io.ErrClosedPipe): // the image took no more
		<-p.ended
		return c.endOf(p)
	case err != nil:
		return fmt.Errorf("read a part of an image: %w", err)
	case sent < r.Last-r.First+1, p.offset < p.total:
		return wantPart(w, p.offset)
	}
	p.to.Close() //nolint:errcheck // never fails
	<-p.ended
	if err := c.endOf(p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) endOf(p *parts) error {
	if p.err == nil && p.offset < p.total {
		return baremetal.Errorf(baremetal.ErrConflict, "The image ended after %d bytes of %d.", p.offset, p.total)
	}
	return p.err
}

func wantPart(w http.ResponseWriter, offset int64) error {
	w.Header().Set(offsetHeader, strconv.FormatInt(offset, 10))
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// countingWriter counts what the image has taken.
type countingWriter struct{ p *parts }

func (w countingWriter) Write(b []byte) (int, error) {
	n, err := w.p.to.Write(b)
	w.p.offset += int64(n)
	return n, err
}

// parts is the upload that the request goes on with. The first part begins it; a question
// about one that has not begun returns nil.
func (c *call) parts(r contentRange) (*parts, error) {
	id := c.arg("id")
	c.uploads.mu.Lock()
	defer c.uploads.mu.Unlock()
	if p := c.uploads.open[id]; p != nil {
		return p, nil
	}
	i, err := c.Pool.Image(c.r.Context(), id)
	switch {
	case err != nil:
		return nil, err
	case i.Status != baremetal.ImageQueued:
		return nil, baremetal.Errorf(baremetal.ErrConflict, "Image status transition from %s to saving is not allowed", i.Status)
	case r.First < 0:
		return nil, nil
	case r.First > 0:
		return nil, rest.Refuse(http.StatusConflict, "The upload has not begun: begin with byte 0.")
	}
	from, to := io.Pipe()
	p := &parts{total: r.Total, to: to, ended: make(chan struct{})}
	p.given = time.AfterFunc(partPatience, func() {
		to.CloseWithError(fmt.Errorf("the upload was not continued for %v", partPatience)) //nolint:errcheck // never fails
	})
	if c.uploads.open == nil {
		c.uploads.open = map[string]*parts{}
	}
	c.uploads.open[id] = p
	ctx, checksum := context.WithoutCancel(c.r.Context()), c.r.Header.Get(checksumHeader)
	go func() { // ends with the image, at the latest when the pool closes
		defer close(p.ended)
		p.err = c.Pool.Upload(ctx, id, from, r.Total, checksum)
		from.Close() //nolint:errcheck // never fails
		p.given.Stop()
		c.uploads.mu.Lock()
		defer c.uploads.mu.Unlock()
		delete(c.uploads.open, id)
	}()
	return p, nil
}
