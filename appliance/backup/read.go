package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ironhook/store"
)

// entryName is the form of the names in a backup: no other is ever made a path.
var entryName = regexp.MustCompile(`^(info\.json|ironhook\.db|htpasswd|tls\.crt|tls\.key|settings/[a-z][a-z0-9.-]{0,63}|` +
	`volumes/(originals/)?[A-Za-z0-9][A-Za-z0-9._-]{0,254}|volumes/layers/[0-9a-f]{32}\.(raw|overlay)(\.sums)?)$`)

// maxSmall is the size in bytes of what is read into memory.
const maxSmall = 1 << 20

// ErrNotEmpty is the error of a directory that is to receive a backup and has contents.
var ErrNotEmpty = errors.New("not empty")

// Verify reads all of a backup and reports what it is. ErrDamaged and ErrPassphrase are the
// errors of the backup itself. temp is a directory with room for the database, "" for the
// system's.
func Verify(ctx context.Context, r io.Reader, passphrase, temp string) (Info, error) {
	dir, err := os.MkdirTemp(temp, TempPrefix)
	if err != nil {
		return Info{}, err
	}
	x := &extraction{dir: dir, wanted: func(name string) bool {
		return !strings.HasPrefix(name, volumesName+"/") || path.Dir(name) == volumesName
	}}
	err = x.run(ctx, r, passphrase)
	return x.info, errors.Join(err, os.RemoveAll(dir))
}

// Unfinished is the name of the directory in a data directory in which a backup is being
// restored. While it is there, the appliance must not start.
const Unfinished = ".restore"

// Restore makes a data directory of a backup. dir may exist, and must be empty: the error is
// ErrNotEmpty otherwise. After any error nothing is left in it; after a crash there may be
// the directory [Unfinished], which can be deleted.
func Restore(ctx context.Context, r io.Reader, passphrase, dir string) (Info, error) {
	if err := blank(dir); err != nil {
		return Info{}, err
	}
	temp := filepath.Join(dir, Unfinished)
	if err := os.Mkdir(temp, 0o700); err != nil {
		return Info{}, err
	}
	x := &extraction{dir: temp, wanted: func(string) bool { return true }}
	err := x.run(ctx, r, passphrase)
	if err == nil {
		err = syncTree(temp)
	}
	if err != nil {
		return x.info, errors.Join(err, os.RemoveAll(temp))
	}
	return x.info, adopt(temp, dir)
}

// blank makes dir, or makes sure that it is empty.
func blank(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(e fs.DirEntry) bool { return e.Name() == "lost+found" }) // of a file system of its own
	if len(names) > 0 {
		return fmt.Errorf("%s: %w: there is %s", dir, ErrNotEmpty, names[0].Name())
	}
	return os.Chmod(dir, 0o700)
}

// adopt moves what was restored to its place, durably.
func adopt(temp, dir string) error {
	names, err := os.ReadDir(temp)
	if err != nil {
		return err
	}
	for _, e := range names {
		if err := os.Rename(filepath.Join(temp, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	if err := syncPath(dir); err != nil {
		return err
	}
	if err := os.Remove(temp); err != nil {
		return err
	}
	return syncPath(dir)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// extraction is one reading of a backup: the entries that wanted accepts become files below
// dir.
type extraction struct {
	dir    string
	wanted func(name string) bool
	info   Info
	seen   map[string]bool
}

// run reads all of a backup, and checks that its parts belong together.
func (x *extraction) run(ctx context.Context, r io.Reader, passphrase string) error {
	plain, err := decrypt(contextReader{ctx, r}, passphrase)
	if err != nil {
		return err
	}
	x.seen = map[string]bool{}
	sealed := newUnsealer(plain)
	if err := x.entries(sealed); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, sealed); err != nil { // to the seal
		return err
	}
	return x.check(ctx)
}

func (x *extraction) entries(r io.Reader) error {
	for {
		e, err := next(r)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = x.entry(e)
		}
		if err == nil {
			err = e.skip()
		}
		if err != nil {
			return err
		}
	}
}

func (x *extraction) entry(e *entry) error {
	first := len(x.seen) == 0
	switch {
	case !entryName.MatchString(e.name), x.seen[e.name]:
		return damagedf("it has an entry %.64q", e.name)
	case first != (e.name == infoName):
		return damagedf("it is no backup of Ironhook")
	}
	x.seen[e.name] = true
	if first {
		return x.readInfo(e)
	}
	if !x.wanted(e.name) {
		return nil
	}
	target := filepath.Join(x.dir, filepath.FromSlash(e.name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	return writeHoles(target, e)
}

func (x *extraction) readInfo(e *entry) error {
	if e.size > maxSmall {
		return damagedf("%s has %d bytes", infoName, e.size)
	}
	text := make([]byte, e.size)
	err := e.copyTo(func(p []byte, off int64) error { copy(text[off:], p); return nil })
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &x.info); err != nil {
		return damagedf("%s: %v", infoName, err)
	}
	if x.info.Format != format {
		return fmt.Errorf("the backup has format %d, and this program reads %d: use the program that wrote it, %q", x.info.Format, format, x.info.Program)
	}
	return nil
}

// check makes sure that what was extracted can be used: the database is whole, and every
// layer that a volume has is there.
func (x *extraction) check(ctx context.Context) error {
	if !x.seen[infoName] || !x.seen[databaseName] {
		return damagedf("there is no database in it")
	}
	if _, err := store.Examine(ctx, filepath.Join(x.dir, databaseName)); err != nil {
		return fmt.Errorf("the database in the backup: %w", err)
	}
	for name := range x.seen {
		if path.Dir(name) == volumesName && strings.HasSuffix(name, ".json") {
			if err := x.layersOf(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *extraction) layersOf(name string) error {
	text, err := os.ReadFile(filepath.Join(x.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	var m struct{ Layers []string }
	if err := json.Unmarshal(text, &m); err != nil {
		return damagedf("%s: %v", name, err)
	}
	for _, layer := range m.Layers {
		if !x.seen[volumesName+"/layers/"+layer] {
			return damagedf("%s has a layer %.40q, which is missing", name, layer)
		}
	}
	return nil
}

// syncTree makes everything below dir durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, syncPath(path))
	})
}

// writeHoles makes a file, and leaves out pieces of zeros.
func writeHoles(path string, e *entry) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zeros := make([]byte, 64<<10)
	err = e.copyTo(func(p []byte, off int64) error {
		if bytes.Equal(p, zeros[:len(p)]) {
			return nil
		}
		_, err := f.WriteAt(p, off)
		return err
	})
	if err != nil {
		return err
	}
	return f.Truncate(e.size)
}
