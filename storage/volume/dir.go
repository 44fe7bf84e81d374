// Package volume keeps the volumes that machines boot from: one raw image each,
// <directory>/<name>.raw, byte for byte what the machine sees as its disk. Copy
// such a file with any tool, loop-mount it, hand it to a virtual machine: there
// is nothing else to a volume.
//
// A name is a label and never a path: letters, digits, dot, hyphen and underscore,
// the first of them a letter or a digit. All access goes through an [os.Root], so
// that not even a symbolic link in the directory leads out of it.
//
// What [Dir.Create] and [Dir.Import] have returned is on stable storage, name and
// all. What they have not is not visible: an image grows under a name that is no
// volume's and is renamed when it is whole. [Open] sweeps up what a crash left.
//
// Reading and writing the blocks of a volume is the business of whoever serves it;
// [Dir.Path] says where they are. A volume that is being served is locked (flock),
// and [Dir.Delete] respects that.
package volume

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The kinds of error; absence is fs.ErrNotExist, a taken name fs.ErrExist, and a
// full disk syscall.ENOSPC.
var (
	ErrName  = errors.New("not a volume name: use letters, digits and ._- and begin with a letter or digit")
	ErrSize  = errors.New("size must be a positive multiple of 512 bytes")
	ErrInUse = errors.New("volume in use")
)

// BlockSize is what the size of a volume in bytes is a multiple of.
const BlockSize = 512

const (
	suffix  = ".raw"
	growing = ".growing-" // begins the name of what is not yet a volume
)

// validName leaves room for the suffix in the 255 bytes of a file name.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,250}$`)

// CheckName returns ErrName unless name may name a volume.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("volume %.64q: %w", name, ErrName)
	}
	return nil
}

// Dir is a directory of volumes. Its methods are safe for concurrent use, by
// several processes too.
type Dir struct {
	root *os.Root
	path string
}

// Open opens the directory at path, making it if need be (readable by its owner
// only), and removes what interrupted imports left there.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
	}
	d := &Dir{root: root, path: path}
	if err := d.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("open volumes: %w", err), root.Close())
	}
	return d, nil
}

// Close closes the directory; volumes that are being served stay open.
func (d *Dir) Close() error { return d.root.Close() }

// sweep removes unfinished images. One that another process is at work on is
// locked and stays.
func (d *Dir) sweep() error {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), growing) {
			continue
		}
		if err := d.remove(e.Name()); err != nil && !errors.Is(err, ErrInUse) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Info describes a volume.
type Info struct {
	Name      string
	Size      int64 // bytes, as the machine sees it
	Allocated int64 // bytes of the file system it takes up
	Modified  time.Time
}

// Stat returns what is known of a volume. A file that is there but cannot be
// served (a link, a directory, an odd size) is an error other than absence.
func (d *Dir) Stat(name string) (Info, error) {
	if err := CheckName(name); err != nil {
		return Info{}, err
	}
	info, err := d.root.Lstat(name + suffix)
	if err != nil {
		return Info{}, fmt.Errorf("volume %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return Info{}, fmt.Errorf("volume %s: %s is not a regular file", name, filepath.Join(d.path, name+suffix))
	}
	if err := checkSize(info.Size()); err != nil {
		return Info{}, fmt.Errorf("volume %s has %d bytes: %w (truncate --size=%%512 rounds up)", name, info.Size(), err)
	}
	i := Info{Name: name, Size: info.Size(), Modified: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		i.Allocated = st.Blocks * 512
	}
	return i, nil
}

// Path returns the absolute path of the image of an existing volume.
func (d *Dir) Path(name string) (string, error) {
	if _, err := d.Stat(name); err != nil {
		return "", err
	}
	return filepath.Join(d.path, name+suffix), nil
}

// List returns every volume in the order of their names. What Stat would refuse is
// left out.
func (d *Dir) List() ([]Info, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var list []Info
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		if info, err := d.Stat(name); err == nil {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Delete removes a volume, for good once it has returned. One that is being served
// is ErrInUse.
func (d *Dir) Delete(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := d.remove(name + suffix); err != nil {
		return fmt.Errorf("delete volume %s: %w", name, err)
	}
	return d.sync()
}

// remove unlinks a file that nobody holds the lock of.
func (d *Dir) remove(file string) error {
	f, err := d.root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f); err != nil {
		return err
	}
	return d.root.Remove(file)
}

// lock takes the lock of a file until it is closed, or returns ErrInUse.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}

// sync makes the names in the directory durable.
func (d *Dir) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return fmt.Errorf("sync volumes: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync volumes: %w", err)
	}
	return nil
}

func checkSize(size int64) error {
	if size <= 0 || size%BlockSize != 0 {
		return ErrSize
	}
	return nil
}
