package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrDamaged reports a file that is truncated or corrupt.
var ErrDamaged = errors.New("damaged")

// sendAgain is the remedy for damage.
const sendAgain = "compare its checksum with the publisher's, and send it again"

// observed records the bytes read and the read error, to distinguish a failed source from
// damaged data.
type observed struct {
	r   io.Reader
	n   int64
	err error
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	o.n += int64(n)
	if err != nil && err != io.EOF {
		o.err = err
	}
	return n, err
}

// undone is decompressed data. Its errors give the offset of the damage in the file.
type undone struct {
	plain      io.Reader
	kind, what string
	src        *observed
	b          *bufio.Reader // between src and plain
}

func (u *undone) Read(p []byte) (int, error) {
	n, err := u.plain.Read(p)
	if err != nil && err != io.EOF {
		err = u.complain(err)
	}
	return n, err
}

// complain adds the kind and the offset to an error of the decompressor.
func (u *undone) complain(err error) error {
	at := u.src.n - int64(u.b.Buffered())
	switch {
	case u.src.err != nil:
		return readFailure(u.src.err)
	case errors.Is(err, ErrUnsupported), errors.Is(err, ErrTooLarge):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s, %s, is cut off after %d bytes: %s: %w: %w", u.what, u.kind, at, sendAgain, ErrDamaged, err)
	}
	return fmt.Errorf("%s, %s, is damaged at byte %d or shortly before: %s: %w: %w", u.what, u.kind, at, sendAgain, ErrDamaged, err)
}

func readFailure(err error) error { return fmt.Errorf("read the image: %w", err) }
