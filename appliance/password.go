package appliance

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"ironhook/api/door"
)

// passwordFile is the name of the file of accounts in the data directory.
const passwordFile = "htpasswd"

// firstUser is the one that the first start makes.
const firstUser = "admin"

// makePassword writes the htpasswd file with an admin user when there is none, and
// shows the password on out: the only time that it can be read.
func makePassword(path string, out io.Writer) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := beginFirstRun(filepath.Dir(path)); err != nil {
		return fmt.Errorf("make admin password: %w", err)
	}
	password := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("make admin password: %w", err)
	}
	if err := writeDurably(path, fmt.Appendf(nil, "%s:%s\n", firstUser, hash)); err != nil {
		return fmt.Errorf("make admin password: %w", err)
	}
	_, err = fmt.Fprintf(out, "first start: user %s, password %s (shown once; kept hashed in %s)\n", firstUser, password, path)
	return err
}

// passwords changes the passwords of the htpasswd file. It is safe for concurrent use.
type passwords struct {
	data  string
	users *door.Users
	mu    sync.Mutex // of the file, from reading it to its replacement
}

// renew gives a user of the file another password, in the file first.
func (p *passwords) renew(name string, digest []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := filepath.Join(p.data, passwordFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if user, _, ok := bytes.Cut(line, []byte{':'}); ok && string(bytes.TrimSpace(user)) == name {
			line = fmt.Appendf(nil, "%s:%s\n", name, digest)
		}
		out.Write(line)
	}
	if err := writeDurably(path, out.Bytes()); err != nil {
		return fmt.Errorf("write users: %w", err)
	}
	p.users.Renew(name, digest)
	return nil
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
