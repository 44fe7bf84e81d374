package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"ironhook/volume"
)

// Format is the format of an image file.
type Format string

// The formats. Auto recognizes the format by the first bytes; an unknown one is raw.
const (
	Auto  Format = ""
	Raw   Format = "raw"
	Qcow2 Format = "qcow2"
	VMDK  Format = "vmdk"
	VHD   Format = "vhd"
	VHDX  Format = "vhdx"
	VDI   Format = "vdi"
)

// The kinds of error.
var (
	ErrChecksum    = errors.New("checksum does not match")
	ErrHostile     = errors.New("refused")
	ErrTooLarge    = errors.New("too large")
	ErrUnsupported = errors.New("not supported")
	ErrSource      = errors.New("source")
	// ErrFormat is the ErrUnsupported of a file that is not of the format that was said.
	ErrFormat = fmt.Errorf("%w", ErrUnsupported)
)

// DefaultMaxSize is the default limit of an image's virtual size, in bytes.
const DefaultMaxSize = 2 << 40

// Request describes an import. Exactly one of URL, Path and Reader is set.
type Request struct {
	URL    string // http or https
	Path   string
	Reader io.Reader
	Length int64 // of Reader, in bytes; 0 if it is not known

	Format   Format
	Checksum string // of the file as it arrives: sha256:HEX or sha512:HEX; empty: none
	MaxSize  int64  // the largest image to accept, in bytes; 0: DefaultMaxSize

	Keep   bool                  // keep the file beside the disk, unless it is the disk byte for byte
	Client *http.Client          // nil: that of [NewClient] for the public Internet
	Tell   func(volume.Progress) // is called with the number of bytes that have arrived; or nil
	Again  func(why error)       // is called when a download begins again; or nil
}

// Result describes an imported image.
type Result struct {
	Format Format // which it was
	Size   int64  // bytes of the image
	Length int64  // bytes of the file
	MD5    string // of the file, in hexadecimal, as are the others
	SHA256 string
	SHA512 string
	Hint   string // what keeps machines from booting from it, and what to do; "" for nothing that is seen
}

// maxStarts bounds the downloads of a file that keeps changing on the server.
const maxStarts = 3

// Import creates the image id as r describes. A download restarts if the file changes on
// the server.
func Import(ctx context.Context, d *volume.Dir, id string, r Request) (res Result, err error) {
	for start := 1; ; start++ {
		err = d.Build(id, func(b *volume.Builder) error {
			res, err = write(ctx, b, r)
			return err
		})
		switch {
		case err == nil:
			return res, nil
		case !errors.Is(err, ErrChanged) || start == maxStarts:
			return Result{}, err
		case r.Again != nil:
			r.Again(err)
		}
	}
}

// write fills an image.
func write(ctx context.Context, b *volume.Builder, r Request) (res Result, err error) {
	want, err := ParseChecksum(r.Checksum)
	if err != nil {
		return res, err
	}
	if r.MaxSize == 0 {
		r.MaxSize = DefaultMaxSize
	}
	src, length, err := r.open(ctx)
	if err != nil {
		return res, err
	}
	defer src.Close()
	in := newIntake(src, volume.NewMeter(length, r.Tell))
	defer in.close()
	if r.Keep {
		in.keep = b.Keep
	}
	if res.Format, res.Hint, err = unpack(ctx, b, in, r.Format, r.MaxSize); err != nil {
		return res, cmp.Or(in.failed, err)
	}
	if _, err := io.Copy(io.Discard, reader{ctx, in}); err != nil { // what follows the image is part of the file
		return res, readFailure(err)
	}
	in.close()
	res.Size, res.Length, res.MD5, res.SHA256, res.SHA512 = b.Size(), in.length, in.sum(md5Sum), in.sum(sha256Sum), in.sum(sha512Sum)
	return res, in.check(want)
}

// atMost fails when more than the permitted bytes are written.
type atMost struct {
	r    io.Reader
	left int64
}

func (a *atMost) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if a.left -= int64(n); a.left < 0 {
		return 0, fmt.Errorf("the image: %w", ErrTooLarge)
	}
	return n, err
}

// reader fails once its context is done.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// ParseChecksum returns the digest, whose length gives the algorithm; nil if s is empty.
func ParseChecksum(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	algorithm, digits, _ := strings.Cut(s, ":")
	sum, err := hex.DecodeString(strings.TrimSpace(digits))
	size := map[string]int{"sha256": sha256.Size, "sha512": sha512.Size}[algorithm]
	if err != nil || size == 0 || len(sum) != size {
		return nil, fmt.Errorf("checksum %.200q: want sha256: or sha512: and as many hexadecimal digits: %w", s, ErrUnsupported)
	}
	return sum, nil
}
