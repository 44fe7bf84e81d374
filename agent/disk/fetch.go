package disk

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"
)

// Image is a disk image to be written as it is. Hash is in hexadecimal digits.
type Image struct {
	URLs      []string
	Algorithm string // sha256, sha512, md5
	Hash      string
}

// stall is how long nothing may come before a connection is made anew, and patience how long
// in all nothing may come before writing fails.
const (
	stall    = 30 * time.Second
	patience = 5 * time.Minute
	block    = 1 << 20
)

// hashes are the algorithms of Ironic's os_hash_algo.
var hashes = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "md5": md5.New, "sha384": sha512.New384}

// Write writes the image to the disk of this size, and goes on where it stood when the
// connection breaks. Zeros are written too: what was on the disk must not shine through. The
// checksum is that of what came, and is compared before Write returns; then everything is on
// the disk. progress is told the bytes so far and those in all, -1 where that is not known.
func Write(ctx context.Context, c *http.Client, i Image, d io.WriterAt, size int64, progress func(done, all int64)) (written int64,
	err error) {
	made, known := hashes[i.Algorithm]
	if !known {
		return 0, fmt.Errorf("the image has a checksum of %q, of which the agent knows nothing", i.Algorithm)
	}
	w := &writing{image: i, disk: d, size: size, sum: made(), progress: progress, all: -1}
	for last := time.Now(); ; {
		before := w.at
		err := w.some(ctx, c)
		if w.at > before {
			last = time.Now()
		}
		var final finalError
		switch {
		case err == nil:
			if got := hex.EncodeToString(w.sum.Sum(nil)); subtle.ConstantTimeCompare([]byte(got), []byte(i.Hash)) != 1 {
				return w.at, fmt.Errorf("the image that came has the %s %s, want %s", i.Algorithm, got, i.Hash)
			}
			return w.at, nil
		case ctx.Err() != nil, errors.As(err, &final):
			return w.at, err
		case time.Since(last) > patience:
			return w.at, fmt.Errorf("nothing of the image came for %v: %w", patience, err)
		}
		w.turn++
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// finalError is one that no repetition mends.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

type writing struct {
	image    Image
	disk     io.WriterAt
	size     int64
	sum      hash.Hash
	at, all  int64
	turn     int // chooses the URL
	progress func(done, all int64)
}

// some reads as much as comes by one connection; nil is the end of the image.
func (w *writing) some(ctx context.Context, c *http.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(stall, cancel)
	defer watch.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.image.URLs[w.turn%len(w.image.URLs)], nil)
	if err != nil {
		return finalError{err}
	}
	if w.at > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", w.at))
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if err := w.begin(answer); err != nil {
		return err
	}
	b := make([]byte, block)
	for {
		n, err := io.ReadFull(answer.Body, b)
		watch.Reset(stall)
		if n > 0 {
			if wrong := w.put(b[:n]); wrong != nil {
				return wrong
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			if w.all >= 0 && w.at < w.all {
				return fmt.Errorf("the connection ended after %d of %d bytes", w.at, w.all)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// begin looks at the answer's head.
func (w *writing) begin(answer *http.Response) error {
	want := http.StatusOK
	if w.at > 0 {
		want = http.StatusPartialContent
	}
	switch {
	case answer.StatusCode == want:
	case w.at > 0 && answer.StatusCode == http.StatusOK: // all over again
		w.at = 0
		w.sum.Reset()
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the image: %s", answer.Status)
	default:
		return finalError{fmt.Errorf("the image: %s", answer.Status)}
	}
	if answer.ContentLength >= 0 {
		w.all = w.at + answer.ContentLength
	}
	if w.all > w.size {
		return finalError{fmt.Errorf("the image has %d bytes, and the disk only %d", w.all, w.size)}
	}
	return nil
}

func (w *writing) put(b []byte) error {
	if w.at+int64(len(b)) > w.size {
		return finalError{fmt.Errorf("the image is larger than the disk of %d bytes", w.size)}
	}
	if _, err := w.disk.WriteAt(b, w.at); err != nil {
		return finalError{fmt.Errorf("write to the disk: %w", err)}
	}
	w.sum.Write(b)
	w.at += int64(len(b))
	w.progress(w.at, w.all)
	return nil
}

// zeros is a block without anything.
var zeros = bytes.Repeat([]byte{0}, block)
