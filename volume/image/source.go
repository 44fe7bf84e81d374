package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// open opens the source and tells how many bytes it has, 0 if that is not known.
func (r Request) open(ctx context.Context) (io.ReadCloser, int64, error) {
	switch {
	case r.Reader != nil && r.URL == "" && r.Path == "":
		return io.NopCloser(r.Reader), r.Length, nil
	case r.Path != "" && r.Reader == nil && r.URL == "":
		return openFile(r.Path)
	case r.URL != "" && r.Reader == nil && r.Path == "":
		d, err := newDownload(ctx, r.URL, r.Client)
		if err != nil {
			return nil, 0, err
		}
		return d, max(0, d.total), nil
	}
	return nil, 0, fmt.Errorf("say where the image is by one of URL, path and stream: %w", ErrSource)
}

func openFile(path string) (io.ReadCloser, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrSource, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return nil, 0, errors.Join(fmt.Errorf("%w: %s is a directory", ErrSource, path), f.Close())
	}
	return f, info.Size(), nil
}

const (
	patience   = 30 * time.Second // how long nothing may arrive
	maxTries   = 6                // in a row in which nothing arrives
	firstPause = 200 * time.Millisecond
)

// download is a file on a web server, read from its beginning to its end. A
// connection that breaks is replaced by another one, which goes on where it was.
type download struct {
	ctx    context.Context
	client *http.Client
	url    string

	body   io.ReadCloser
	cancel context.CancelFunc // of the request the body is of
	stall  *time.Timer        // cancels a request of which nothing arrives
	at     int64
	total  int64  // -1: not known
	tag    string // that the file is still the same: its ETag or date
	tries  int    // since something arrived
}

// newDownload makes the first request.
func newDownload(ctx context.Context, address string, client *http.Client) (*download, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%.200q is not an http or https address: %w", address, ErrSource)
	}
	if client == nil {
		client = defaultClient()
	}
	d := &download{ctx: ctx, client: client, url: address, total: -1}
	for {
		err := d.request()
		if err == nil {
			return d, nil
		}
		if err = d.retry(err); err != nil {
			return nil, err
		}
	}
}

// defaultClient waits for nothing for long, but for the body, which may take days.
func defaultClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: patience}).DialContext,
		TLSHandshakeTimeout:   patience,
		ResponseHeaderTimeout: patience,
		DisableCompression:    true, // a checksum is of the file as it is
		DisableKeepAlives:     true,
	}}
}

// final is an error that trying again does not help against.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// request asks for the rest of the file.
func (d *download) request() error {
	ctx, cancel := context.WithCancel(d.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		cancel()
		return final{err}
	}
	req.Header.Set("Accept-Encoding", "identity")
	if d.at > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.at))
		req.Header.Set("If-Range", d.tag)
	}
	res, err := d.client.Do(req)
	if err != nil {
		cancel()
		return err
	}
	if err := d.accept(res); err != nil {
		cancel()
		return errors.Join(err, res.Body.Close())
	}
	d.body, d.cancel, d.stall = res.Body, cancel, time.AfterFunc(patience, cancel)
	return nil
}

// accept judges an answer.
func (d *download) accept(res *http.Response) error {
	switch {
	case d.at == 0 && res.StatusCode == http.StatusOK:
		d.total, d.tag = res.ContentLength, tagOf(res.Header)
		return nil
	case d.at > 0 && res.StatusCode == http.StatusPartialContent:
		first, total, ok := contentRange(res.Header.Get("Content-Range"))
		if !ok || first != d.at || d.total >= 0 && total >= 0 && total != d.total {
			return final{fmt.Errorf("the server sent another part than it was asked for (%.100q)", res.Header.Get("Content-Range"))}
		}
		return nil
	case d.at > 0 && res.StatusCode == http.StatusOK:
		return final{errors.New("the file has changed on the server since the download began")}
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the server answered %s", res.Status)
	}
	return final{fmt.Errorf("the server answered %s", res.Status)}
}

// tagOf is what tells that the file is the same: a strong ETag, else the date (RFC
// 9110 section 13.1.5).
func tagOf(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange reads "bytes 5-9/10"; the total may be * and is -1 then.
func contentRange(s string) (first, total int64, ok bool) {
	s, found := strings.CutPrefix(s, "bytes ")
	span, all, cut := strings.Cut(s, "/")
	from, _, dash := strings.Cut(span, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	if !found || !cut || !dash || err != nil {
		return 0, 0, false
	}
	if all == "*" {
		return first, -1, true
	}
	total, err = strconv.ParseInt(all, 10, 64)
	return first, total, err == nil
}

// retry waits before the next try, or returns why there is none.
func (d *download) retry(err error) error {
	d.tries++
	var f final
	switch {
	case d.ctx.Err() != nil:
		return d.ctx.Err()
	case errors.As(err, &f), d.tries >= maxTries, d.at > 0 && d.tag == "":
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

// Read goes on with a new request when one breaks off.
func (d *download) Read(p []byte) (int, error) {
	for {
		n, err := d.read(p)
		if n > 0 {
			d.tries = 0
			return n, nil
		}
		if err == nil || err == io.EOF && (d.total < 0 || d.at == d.total) {
			return 0, err
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err := d.retry(err); err != nil {
			return 0, err
		}
	}
}

func (d *download) read(p []byte) (int, error) {
	if d.body == nil {
		if err := d.request(); err != nil {
			return 0, err
		}
	}
	d.stall.Reset(patience)
	n, err := d.body.Read(p)
	d.at += int64(n)
	if err != nil && (err != io.EOF || d.at != d.total) && n == 0 && !(err == io.EOF && d.total < 0) {
		return n, errors.Join(err, d.Close())
	}
	return n, err
}

// Close ends the download.
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
