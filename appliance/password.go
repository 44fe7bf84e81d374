package appliance

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/bcrypt"
)

// makePassword writes the htpasswd file with an admin user when there is none, and
// shows the password on out: the only time that it can be read.
func makePassword(path string, out io.Writer) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	password := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("make admin password: %w", err)
	}
	if err := writeDurably(path, fmt.Appendf(nil, "admin:%s\n", hash)); err != nil {
		return fmt.Errorf("make admin password: %w", err)
	}
	_, err = fmt.Fprintf(out, "first start: user admin, password %s (shown once; kept hashed in %s)\n", password, path)
	return err
}

// writeDurably makes the file whole or not at all, even across a loss of power.
func writeDurably(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
