package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// ErrPassphrase is the error of a backup that is encrypted with another passphrase, or with
// one where none was given.
var ErrPassphrase = errors.New("wrong passphrase")

// magic begins a file of age.
const magic = "age-encryption.org/v1\n"

// Encrypt encrypts what is written with a passphrase, in the format of age. Close ends it,
// and leaves w open. With an empty passphrase nothing is encrypted.
func Encrypt(w io.Writer, passphrase string) (io.WriteCloser, error) {
	if passphrase == "" {
		return open{w}, nil
	}
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	return age.Encrypt(w, r)
}

type open struct{ io.Writer }

func (open) Close() error { return nil }

// decrypt reads what Encrypt wrote.
func decrypt(r io.Reader, passphrase string) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	begin, err := in.Peek(len(magic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(begin, []byte(magic)) {
		if passphrase != "" { // an exchanged backup would be taken for ours
			return nil, fmt.Errorf("%w: it is not encrypted, and one was given", ErrPassphrase)
		}
		return in, nil
	}
	if passphrase == "" {
		return nil, fmt.Errorf("%w: it is encrypted, and none was given", ErrPassphrase)
	}
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	out, err := age.Decrypt(in, id)
	if errors.As(err, new(*age.NoIdentityMatchError)) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return authentic{out}, nil
}

// authentic gives the errors of decryption their kind: what fails is not what was written.
type authentic struct{ io.Reader }

func (a authentic) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return n, err
}
