package volume

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// The kinds of error; absence is fs.ErrNotExist, a taken id fs.ErrExist, and a full disk
// syscall.ENOSPC. ErrFormat and ErrDamaged are the errors of invalid files.
var (
	ErrName       = errors.New("not a volume name: use letters, digits and ._- and begin with a letter or digit")
	ErrSize       = errors.New("size must be a positive multiple of 512 bytes, less than 16 TiB")
	ErrInUse      = errors.New("volume in use")
	ErrDependants = errors.New("others depend on it")
	ErrLayers     = errors.New("no more layers are allowed")
	ErrKind       = errors.New("not possible with what it is")
)

// BlockSize is the unit of the size of a volume, in bytes.
const BlockSize = 512

const (
	growing  = ".growing-" // prefix of the names of unfinished files
	lockFile = ".lock"
)

// validName leaves room for the suffix in the 255 bytes of a file name.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$`)

// CheckName returns ErrName unless id may name a volume.
func CheckName(id string) error {
	if !validName.MatchString(id) {
		return fmt.Errorf("volume %.64q: %w", id, ErrName)
	}
	return nil
}

func checkSize(size int64) error {
	if size <= 0 || size%BlockSize != 0 || size > maxSize {
		return ErrSize
	}
	return nil
}

// Dir is a directory of volumes. Its methods are safe for concurrent use, by
// several processes too.
type Dir struct {
	fs   fileSystem
	path string
	room room

	holder string            // names this Dir in the lock file
	mu     sync.Mutex        // taken before the lock of the directory, to change manifests
	opened map[string]*stack // mu guards
	// The lock of the directory guards these.
	catalog  *catalog        // nil: to be read
	leftover map[string]bool // paths of superfluous files that were in use

	closing *sync.WaitGroup // mu guards which; that of the files that are being closed
}

// An Option changes how a directory is used.
type Option func(*Dir)

// Reserve sets how many bytes of the file system are left free: a write that would
// need more space than that fails with ENOSPC, as if the disk were full.
func Reserve(bytes int64) Option { return func(d *Dir) { d.room.reserve = bytes } }

// defaultReserve is enough for a database and its log.
const defaultReserve = 256 << 20

// Open opens the directory at path, making it if need be (readable by its owner
// only), and removes what a crash left there.
func Open(path string, options ...Option) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
	}
	for _, dir := range []string{layersDir, originalsDir} {
		if err := os.MkdirAll(filepath.Join(path, dir), 0o700); err != nil {
			return nil, fmt.Errorf("open volumes: %w", err)
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
	}
	d, err := openDir(osFS{root}, options...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open volumes: %w", err), root.Close())
	}
	d.path = path
	return d, nil
}

func openDir(fsys fileSystem, options ...Option) (*Dir, error) {
	d := &Dir{fs: fsys, holder: newName(), opened: map[string]*stack{}, leftover: map[string]bool{}, closing: new(sync.WaitGroup)}
	d.room = room{free: fsys.Free, reserve: defaultReserve}
	for _, o := range options {
		o(d)
	}
	if err := fsys.SyncDir("."); err != nil { // the directories below it
		return nil, err
	}
	return d, d.withLock(d.sweep)
}

// Close closes the directory; what is open stays open.
func (d *Dir) Close() error {
	d.closed()
	return d.fs.Close()
}

// closeAsync closes layers whose names are removed. The last to close a removed file waits
// until the file system has freed it, which takes longer the larger it is: the caller need
// not wait. It holds d.mu.
func (d *Dir) closeAsync(layers []*layer) {
	d.closing.Go(func() {
		for _, l := range layers {
			_ = l.file.Close() // the file is removed: an error has no meaning
		}
	})
}

// closed waits for the files that are being closed now. Those that follow are counted in a group of their own: a
// group that is waited for must not begin anew.
func (d *Dir) closed() {
	d.mu.Lock()
	now, next := d.closing, new(sync.WaitGroup)
	next.Go(now.Wait)
	d.closing = next
	d.mu.Unlock()
	now.Wait()
}

// withLock runs do with the lock of the directory: no other goroutine or process changes
// its contents meanwhile.
func (d *Dir) withLock(do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.fs.Create(lockFile)
	if errors.Is(err, fs.ErrExist) {
		f, err = d.fs.Open(lockFile, true)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Lock(waiting); err != nil {
		return err
	}
	if err := d.hold(f); err != nil {
		return err
	}
	return do()
}

// dirName is the directory that a path leads into.
func dirName(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}

// lock takes the lock of a file, or returns ErrInUse.
func lock(f file, mode lockMode) error {
	err := f.Lock(mode)
	if errors.Is(err, errLocked) {
		return ErrInUse
	}
	return err
}

func newLayerID() (id layerID) {
	rand.Read(id[:])
	return id
}

func newName() string {
	id := newLayerID()
	return hex.EncodeToString(id[:])
}
