package image

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"ironhook/internal/egress"
)

const (
	patience   = 30 * time.Second // how long nothing may arrive
	maxTries   = 6                // in a row in which nothing arrives
	firstPause = 200 * time.Millisecond
)

// ErrChanged reports that a broken download cannot be resumed, because the file on the
// server has changed since. A new download may succeed.
var ErrChanged = errors.New("the connection broke, and the file that came then is another")

// download reads a file on a web server from its beginning to its end. After a broken
// connection it resumes: with the remaining range, if the validators of the reply match
// those of the reply before it; otherwise with the whole file, whose beginning must hash to
// the bytes already read. Thus parts of two versions are never joined.
type download struct {
	ctx    context.Context
	client *http.Client
	url    string

	body   io.ReadCloser
	cancel context.CancelFunc // of the request the body is of
	stall  *time.Timer        // cancels a request of which nothing arrives
	at     int64              // bytes that have been read
	sum    maphash.Hash       // of them
	of     *version           // what they are of
	now    *version           // what the reply is of: its beginning is the same, and what it brings is of this one alone
	whole  bool               // the next request is for all of the file
	coded  bool               // the server compresses it for the way: parts of that are no parts of the file
	tries  int                // since something arrived
}

// newDownload sends the first request.
func newDownload(ctx context.Context, address string, client *http.Client) (*download, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("its address does not begin with http:// or https:// and a host: %w", ErrSource)
	}
	if client == nil {
		client = NewClient(egress.Policy{})
	}
	d := &download{ctx: ctx, client: client, url: address}
	for {
		err := d.request()
		if err == nil {
			return d, nil
		}
		if err = d.again(err); err != nil {
			return nil, err
		}
	}
}

// Get reads a small file on a web server, of at most limit bytes.
func Get(ctx context.Context, address string, client *http.Client, limit int64) ([]byte, error) {
	d, err := newDownload(ctx, address, client)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(d, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return body, errors.Join(err, d.Close())
}

// NewClient returns a client that connects where the policy allows. It has short timeouts
// for everything except the body, which may take days.
func NewClient(from egress.Policy) *http.Client {
	return &http.Client{Transport: from.Transport(patience), CheckRedirect: redirect}
}

// redirect follows at most ten redirects, as [http.Client] does by itself. The next server
// does not learn the address before it, whose query may be a secret.
func redirect(next *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	next.Header.Del("Referer")
	return nil
}

// total is the length of the file in bytes, -1 if it is not known.
func (d *download) total() int64 { return d.of.length }

// final is an error that a retry cannot cure.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// request asks for the file, or for the rest of it.
func (d *download) request() error {
	ctx, cancel := context.WithCancel(d.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		cancel()
		return final{withoutURL(err)}
	}
	req.Header.Set("Accept-Encoding", "identity")
	part := d.at > 0 && !d.whole && !d.coded && d.of.validator() != ""
	if part {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.at))
		req.Header.Set("If-Range", d.of.validator())
	}
	res, err := d.client.Do(req)
	if err != nil {
		cancel()
		if errors.As(err, new(*egress.Refused)) {
			return final{withoutURL(err)}
		}
		return withoutURL(err)
	}
	d.body, d.cancel, d.stall = res.Body, cancel, time.AfterFunc(patience, cancel)
	if err := d.accept(res, part); err != nil {
		return errors.Join(err, d.Close())
	}
	return nil
}

// withoutURL leaves the address out of the error of a client: it may carry a password or a
// signature.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

var errPart = errors.New("the server sent another part than it was asked for")

// accept checks a reply and skips the part of its body that has been read already.
func (d *download) accept(res *http.Response, part bool) error {
	switch code := res.StatusCode; {
	case code == http.StatusOK:
		return d.start(res)
	case part && code == http.StatusPartialContent && d.of.continues(res, d.at):
		d.now = d.of
		return nil
	case part && (code == http.StatusPartialContent || code == http.StatusRequestedRangeNotSatisfiable):
		d.whole = true
		return fmt.Errorf("%w: %s, Content-Range %.100q", errPart, res.Status, res.Header.Get("Content-Range"))
	case code >= 500, code == http.StatusTooManyRequests:
		return fmt.Errorf("the server answered %s", res.Status)
	}
	return final{fmt.Errorf("the server answered %s", res.Status)}
}

// start accepts a reply that contains the whole file.
func (d *download) start(res *http.Response) error {
	now := versionOf(res)
	if err := d.decode(res, now); err != nil {
		return err
	}
	if d.at == 0 {
		d.of, d.now = now, now
		return nil
	}
	d.whole = false
	if now.length >= 0 && d.of.length >= 0 && now.length != d.of.length {
		return d.changed(now)
	}
	var sum maphash.Hash
	sum.SetSeed(d.sum.Seed())
	_, err := io.CopyN(&sum, readerFunc(d.receive), d.at)
	if err == nil && sum.Sum64() != d.sum.Sum64() {
		return d.changed(now)
	}
	if err != nil {
		return cutShort(err)
	}
	if now.length < 0 {
		now.length = d.of.length
	}
	d.now = now
	return nil
}

// changed describes how the present file differs from the one whose beginning was read.
func (d *download) changed(now *version) error {
	return final{fmt.Errorf("%w: after %d bytes of %s came %s", ErrChanged, d.at, d.of, now)}
}

// cutShort reports a body that ended before the file did.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// decode removes a Content-Encoding that a server applied against our Accept-Encoding. A
// server that merely labels a compressed file (image.raw.gz as gzip) has applied none.
func (d *download) decode(res *http.Response, v *version) error {
	switch coding := strings.ToLower(res.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		if ext := path.Ext(res.Request.URL.Path); ext == ".gz" || ext == ".tgz" {
			return nil
		}
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			return fmt.Errorf("the server sent no proper gzip: %w", err)
		}
		d.body = struct {
			io.Reader
			io.Closer
		}{z, d.body}
		v.length, d.coded = -1, true
		return nil
	default:
		return final{fmt.Errorf("the server sent the file with Content-Encoding %.40q, which was not asked for", coding)}
	}
}

// again waits before the next attempt, or returns the reason why there will be none.
func (d *download) again(err error) error {
	d.tries++
	var f final
	switch {
	case d.ctx.Err() != nil:
		return d.ctx.Err()
	case errors.As(err, &f), d.tries >= maxTries:
		return fmt.Errorf("%w: download, %d bytes of which had arrived: %w", ErrSource, d.at, err)
	}
	pause := time.NewTimer(firstPause << d.tries)
	defer pause.Stop()
	select {
	case <-d.ctx.Done():
		return d.ctx.Err()
	case <-pause.C:
		return nil
	}
}

// Read continues with a new request when a connection breaks.
func (d *download) Read(p []byte) (int, error) {
	for {
		n, err := d.read(p)
		if n > 0 {
			d.tries = 0
			return n, nil
		}
		if err == nil || err == io.EOF {
			return 0, err
		}
		if err := d.again(err); err != nil {
			return 0, err
		}
	}
}

// read returns io.EOF at the end of the file only.
func (d *download) read(p []byte) (int, error) {
	if d.body == nil {
		if err := d.request(); err != nil {
			return 0, err
		}
	}
	n, err := d.receive(p)
	d.sum.Write(p[:n])
	d.at += int64(n)
	if total := d.total(); total >= 0 && d.at > total {
		return 0, final{fmt.Errorf("%w: it is longer than the %d bytes that were announced", ErrChanged, total)}
	}
	if n > 0 { // an error that came with it comes again
		d.of = d.now
		return n, nil
	}
	if err == nil || err == io.EOF && (d.total() < 0 || d.at == d.total()) {
		return 0, err
	}
	return 0, errors.Join(cutShort(err), d.Close())
}

// readerFunc adapts a function to io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// receive reads from the body and cancels the request when nothing arrives for too long.
func (d *download) receive(p []byte) (int, error) {
	d.stall.Reset(patience)
	return d.body.Read(p)
}

// Close aborts the download.
func (d *download) Close() error {
	if d.body == nil {
		return nil
	}
	d.stall.Stop()
	d.cancel()
	body := d.body
	d.body = nil
	return body.Close()
}
