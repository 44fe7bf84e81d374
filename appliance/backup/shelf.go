package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Shelf is where backups are kept: a directory, or a prefix of a bucket of S3-like storage.
type Shelf interface {
	// List returns the names of all that is there, also of what is no backup.
	List(ctx context.Context) ([]string, error)
	// Open opens what is there under a name; the error is fs.ErrNotExist where nothing is.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Save keeps what write writes, in place of what has the name. It is there whole or not at all,
	// on stable storage when Save returns.
	Save(ctx context.Context, name string, write func(io.Writer) error) error
	Remove(ctx context.Context, name string) error
	// Sweep removes what is left of those whose writing was cut short before a time.
	Sweep(ctx context.Context, before time.Time) error
	// Where is the place of a name, or of all for "": a path or a URL.
	Where(name string) string
}

// IsURL reports whether where names S3-like storage.
func IsURL(where string) bool {
	return strings.HasPrefix(where, "https://") || strings.HasPrefix(where, "http://")
}

// OpenShelf opens a directory, or with https://HOST/BUCKET/PREFIX S3-like storage, for which credentials
// is a file in the form of AWS's programs; "" takes those of the environment or of ~/.aws/credentials.
func OpenShelf(where, credentials string) (Shelf, error) {
	if !IsURL(where) {
		return directory(where), nil
	}
	u, err := url.Parse(where)
	if err != nil {
		return nil, fmt.Errorf("the address of the backups is no URL like https://HOST/BUCKET/PREFIX") // it may have a password
	}
	return openBucket(u, credentials)
}

// Split returns the place and the name of a backup that is given by its path or URL. What ends with a slash is a place.
func Split(where string) (shelf, name string) {
	if i := strings.LastIndexByte(where, '/'); IsURL(where) || i == len(where)-1 {
		return where[:i+1], where[i+1:]
	}
	return filepath.Dir(where), filepath.Base(where)
}

// Save keeps what write writes, encrypted with the passphrase, or not where that is empty.
func Save(ctx context.Context, s Shelf, name, passphrase string, write func(io.Writer) error) error {
	err := s.Save(ctx, name, func(w io.Writer) error { return fill(w, passphrase, write) })
	if err != nil {
		return fmt.Errorf("write %s: %w", s.Where(name), err)
	}
	return nil
}

func fill(w io.Writer, passphrase string, write func(io.Writer) error) error {
	out, err := Encrypt(w, passphrase)
	if err != nil {
		return err
	}
	if err := write(out); err != nil {
		return err
	}
	return out.Close()
}

// Names are the backups of a shelf, oldest first.
func Names(ctx context.Context, s Shelf) ([]Name, error) {
	list, err := s.List(ctx)
	return namesOf(list), err
}

// abandoned is the age at which a part of a backup is one that nobody will finish.
const abandoned = 24 * time.Hour

// Prune deletes all backups but the newest, keep of them, and those that they need; and what is left of those that were cut
// short.
func Prune(ctx context.Context, s Shelf, keep int, now time.Time) error {
	names, err := Names(ctx, s)
	if err != nil {
		return err
	}
	for _, n := range superfluous(names, keep, now) {
		err = errors.Join(err, s.Remove(ctx, n.String()))
	}
	return errors.Join(err, s.Sweep(ctx, now.Add(-abandoned)))
}
