package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrDamaged is the kind of a file that is not whole, or not as it was made.
var ErrDamaged = errors.New("damaged")

// sendAgain is what helps against damage.
const sendAgain = "compare its checksum with the publisher's, and send it again"

// observed remembers how much was read and what went wrong with that, to distinguish a source
// that failed from data that is damaged.
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

// undone is decompressed data, whose errors say where in the file it is damaged.
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

// complain gives an error of the decompressor its kind, and says where it was.
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
