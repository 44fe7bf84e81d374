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
	"syscall"

	"ironhook/store"
)

// entryName is the form of the names in a backup: no other is ever made a path.
var entryName = regexp.MustCompile(`^(info\.json|ironhook\.db|htpasswd|tls\.crt|tls\.key|settings/[a-z][a-z0-9.-]{0,63}|` +
	`volumes/(originals/)?[A-Za-z0-9][A-Za-z0-9._-]{0,254}|volumes/layers/[0-9a-f]{32}\.(raw|overlay)(\.sums)?)$`)

// The size in bytes of what is read into memory.
const (
	maxSmall = 1 << 20
	maxInfo  = 64 << 20 // 200 bytes a layer
)

// ErrNotEmpty is the error of a directory that is to receive a backup and has contents.
var ErrNotEmpty = errors.New("not empty")

// Unfinished is the name of the directory in a data directory in which a backup is being
// restored. While it is there, the appliance must not start.
const Unfinished = ".restore"

// Restore makes a data directory of a backup, and of those that it needs. dir may exist, and must be empty: the error is
// ErrNotEmpty otherwise. After any error nothing is left in it; after a crash there may be
// the directory [Unfinished], which can be deleted.
func Restore(ctx context.Context, s Shelf, name, passphrase, dir string) (Info, error) {
	if err := blank(dir); err != nil {
		return Info{}, err
	}
	temp := filepath.Join(dir, Unfinished)
	if err := os.Mkdir(temp, 0o700); err != nil {
		return Info{}, err
	}
	info, err := restore(ctx, s, name, passphrase, temp)
	if err == nil {
		err = handOver(temp, dir)
	}
	if err == nil {
		err = syncTree(temp)
	}
	if err != nil {
		return info, errors.Join(err, os.RemoveAll(temp))
	}
	return info, adopt(temp, dir)
}

func restore(ctx context.Context, s Shelf, name, passphrase, dir string) (Info, error) {
	x := &extraction{dir: dir, wanted: func(string) bool { return true }}
	if err := x.open(ctx, s, name, passphrase); err != nil {
		return x.info, err
	}
	if err := x.check(ctx); err != nil {
		return x.info, err
	}
	for in, layers := range x.info.needs() {
		needed := &extraction{dir: dir, wanted: func(name string) bool {
			_, ok := layers[strings.TrimPrefix(name, volumesName+"/")]
			return ok
		}}
		if err := needed.open(ctx, s, in, passphrase); err != nil {
			return x.info, neededError(s, in, err)
		}
		if err := needed.has(layers); err != nil {
			return x.info, neededError(s, in, err)
		}
	}
	return x.info, nil
}

// neededError is the error of a backup that another needs.
func neededError(s Shelf, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return damagedf("it needs %s, which is not there", s.Where(name))
	}
	return fmt.Errorf("it needs %s: %w", s.Where(name), err)
}

// blank makes dir, or makes sure that it is empty.
func blank(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := syncPath(filepath.Dir(dir)); err != nil {
			return err
		}
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

// handOver gives what root has restored to the owner of the directory that it is for: the appliance is not root.
func handOver(temp, dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	root, err := os.OpenRoot(temp) // the owner of dir may be at work in it
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only a directory
	owner := info.Sys().(*syscall.Stat_t)
	return fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, root.Lchown(path, int(owner.Uid), int(owner.Gid)))
	})
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
	sums   map[string]string // digests of the layers in it, by their names in the directory of the volumes
}

// open reads a backup of a shelf.
func (x *extraction) open(ctx context.Context, s Shelf, name, passphrase string) error {
	r, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // only read
	return x.read(ctx, r, passphrase)
}

// read reads all of a backup. What it has extracted must not be used after an error.
func (x *extraction) read(ctx context.Context, r io.Reader, passphrase string) error {
	plain, err := decrypt(contextReader{ctx, r}, passphrase)
	if err != nil {
		return err
	}
	x.seen, x.sums = map[string]bool{}, map[string]string{}
	sealed := newUnsealer(plain)
	if err := x.entries(sealed); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, sealed) // to the seal
	return err
}

// readInfo reads the beginning of a backup only.
func readInfo(ctx context.Context, s Shelf, name, passphrase string) (Info, error) {
	r, err := s.Open(ctx, name)
	if err != nil {
		return Info{}, err
	}
	defer r.Close() //nolint:errcheck // only read
	plain, err := decrypt(contextReader{ctx, r}, passphrase)
	if err != nil {
		return Info{}, err
	}
	e, err := next(newUnsealer(plain))
	if err != nil {
		return Info{}, err
	}
	x := &extraction{seen: map[string]bool{}}
	err = x.entry(e)
	return x.info, err
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
	d := newDigest()
	if err := x.extract(e, d); err != nil {
		return err
	}
	if name := strings.TrimPrefix(e.name, volumesName+"/"); isLayer(name) {
		x.sums[name] = d.sum(e.size)
	}
	return nil
}

// extract makes a file of an entry that is wanted.
func (x *extraction) extract(e *entry, d *digest) error {
	if !x.wanted(e.name) {
		return e.copyTo(func(p []byte, off int64) error { d.add(p, off); return nil })
	}
	target := filepath.Join(x.dir, filepath.FromSlash(e.name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	return writeHoles(target, e, d)
}

func (x *extraction) readInfo(e *entry) error {
	if e.size > maxInfo {
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
	if x.info.Format < 1 || x.info.Format > format {
		return fmt.Errorf("the backup has format %d, and this program reads up to %d: use the program that wrote it, %q", x.info.Format, format,
			x.info.Program)
	}
	return nil
}

// check makes sure that what was extracted can be used: the database is whole, and every
// layer that a volume has is there, or in another backup.
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
	return x.checkIndex()
}

// checkIndex holds what a backup says about its layers against what is in it.
func (x *extraction) checkIndex() error {
	own := map[string]Layer{}
	for name, l := range x.info.Layers {
		switch _, known := ParseName(l.In); {
		case !entryName.MatchString(volumesName+"/"+name) || !isLayer(name) || l.In != "" && !known:
			return damagedf("its list of layers has %.64q in %.64q", name, l.In)
		case l.In == "":
			own[name] = l
		}
	}
	return x.has(own)
}

// has returns ErrDamaged unless the layers are in this backup as they should be.
func (x *extraction) has(layers map[string]Layer) error {
	for name, l := range layers {
		switch sum := x.sums[name]; {
		case sum == "":
			return damagedf("the layer %s is missing", name)
		case sum != l.SHA256:
			return damagedf("the layer %s does not match its checksum", name)
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
		if !x.seen[volumesName+"/layers/"+layer] && x.info.Layers["layers/"+layer].In == "" {
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
func writeHoles(path string, e *entry, d *digest) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = e.copyTo(func(p []byte, off int64) error {
		d.add(p, off)
		if bytes.Equal(p, noData[:len(p)]) {
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
