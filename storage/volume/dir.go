package volume

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of error; absence is fs.ErrNotExist, a taken id fs.ErrExist, and a full
// disk syscall.ENOSPC. ErrFormat and ErrDamaged are told by files that are not what
// they should be.
var (
	ErrName       = errors.New("not a volume name: use letters, digits and ._- and begin with a letter or digit")
	ErrSize       = errors.New("size must be a positive multiple of 512 bytes, less than 16 TiB")
	ErrInUse      = errors.New("volume in use")
	ErrDependants = errors.New("others depend on it")
	ErrKind       = errors.New("not possible with what it is")
)

// BlockSize is what the size of a volume in bytes is a multiple of.
const BlockSize = 512

const (
	growing  = ".growing-" // begins the name of what is not yet there
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

	mu     sync.Mutex // with the lock of the directory: who changes manifests
	opened map[string]*stack

	burials sync.WaitGroup
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
	if err := os.MkdirAll(filepath.Join(path, layersDir), 0o700); err != nil {
		return nil, fmt.Errorf("open volumes: %w", err)
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
	d := &Dir{fs: fsys, opened: map[string]*stack{}}
	d.room = room{free: fsys.Free, reserve: defaultReserve}
	for _, o := range options {
		o(d)
	}
	if err := fsys.SyncDir("."); err != nil { // the directory of the layers
		return nil, err
	}
	return d, d.alone(d.sweep)
}

// Close closes the directory; what is open stays open.
func (d *Dir) Close() error {
	d.burials.Wait()
	return d.fs.Close()
}

// bury closes layers whose names are gone. A file system takes the longer to free a
// file the larger it is, and the last to close it waits for that: not the caller.
func (d *Dir) bury(layers []*layer) {
	d.burials.Go(func() {
		for _, l := range layers {
			_ = l.file.Close() // nobody has any more use for what it could say
		}
	})
}

// alone runs do while nobody else, in this process or another, changes what there
// is in the directory.
func (d *Dir) alone(do func() error) error {
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
	return do()
}

// sweep removes what a crash left: files that were not finished, layers that no
// manifest names, the old name of a raw volume that has become a layer. While a
// manifest cannot be read, nobody knows which layers it names, and all stay.
func (d *Dir) sweep() error {
	garbage, err := d.unfinished(".")
	if err != nil {
		return err
	}
	more, err := d.unfinished(layersDir)
	if err != nil {
		return err
	}
	if err := d.removeAll(append(garbage, more...)); err != nil {
		return err
	}
	manifests, err := d.all()
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if raw := m.id + rawSuffix; d.fs.Same(raw, layerPath(m.Layers[0])) {
			if err := d.fs.Remove(raw); err != nil {
				return err
			}
		}
	}
	names, err := d.fs.Names(layersDir)
	if err != nil {
		return err
	}
	return d.collect(manifests, names)
}

// unfinished lists the files in a directory that are not yet what they will be.
func (d *Dir) unfinished(dir string) (paths []string, err error) {
	names, err := d.fs.Names(dir)
	for _, name := range names {
		if strings.HasPrefix(name, growing) {
			paths = append(paths, dir+"/"+name)
		}
	}
	return paths, err
}

// collect removes those of the named layers that no manifest names.
func (d *Dir) collect(manifests []*manifest, names []string) error {
	named := map[string]bool{}
	for _, m := range manifests {
		for _, l := range m.Layers {
			named[l] = true
		}
	}
	var garbage []string
	for _, name := range names {
		layer := strings.TrimSuffix(strings.TrimSuffix(name, sumsSuffix), atomicSuffix)
		if !layerName.MatchString(layer) || named[layer] {
			continue
		}
		garbage = append(garbage, layerPath(name))
		if name == layer {
			garbage = append(garbage, sumsPath(name), layerPath(name+atomicSuffix))
		}
	}
	return d.removeAll(garbage)
}

// removeAll removes files but those that somebody is at work on.
func (d *Dir) removeAll(names []string) error {
	for _, name := range names {
		if err := d.remove(name); err != nil && !errors.Is(err, ErrInUse) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// remove unlinks a file that nobody holds the lock of.
func (d *Dir) remove(name string) error {
	f, err := d.fs.Open(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f, exclusive); err != nil {
		return err
	}
	return d.fs.Remove(name)
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

// Info describes a volume, snapshot or image.
type Info struct {
	ID        string
	Kind      Kind
	Size      int64  // bytes, as the machine sees it
	Allocated int64  // bytes of the file system that it takes up, alone or with others
	Volume    string // of a snapshot: of which volume
	Layers    int    // files it is made of
	Created   time.Time
	Modified  time.Time // when the newest layer was
}

// Stat returns what is known of an id. What is there but cannot be served (a link,
// a directory, an odd size, a damaged file) is an error other than absence.
func (d *Dir) Stat(id string) (Info, error) {
	m, err := d.load(id)
	if err != nil {
		return Info{}, err
	}
	return d.describe(m)
}

func (d *Dir) describe(m *manifest) (Info, error) {
	i := Info{ID: m.id, Kind: m.Kind, Size: m.Size, Volume: m.Volume, Layers: len(m.Layers), Created: m.Created}
	for _, l := range m.Layers {
		info, err := d.fs.Stat(m.file(l))
		if err != nil {
			return Info{}, fmt.Errorf("%s %s: layer %s: %w: %v", m.Kind, m.id, l, ErrDamaged, err)
		}
		i.Allocated += info.Allocated
		i.Modified = info.Modified
	}
	return i, nil
}

// List returns everything of the given kinds, or of all, in the order of the ids.
// What Stat would refuse is left out.
func (d *Dir) List(kinds ...Kind) ([]Info, error) {
	names, err := d.fs.Names(".")
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var list []Info
	for _, id := range ids(names) {
		info, err := d.Stat(id)
		if err == nil && (len(kinds) == 0 || slices.Contains(kinds, info.Kind)) {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// ids is what the names in the directory stand for, each once.
func ids(names []string) (list []string) {
	for _, name := range names {
		id, ok := strings.CutSuffix(name, manifestSuffix)
		if !ok {
			id, ok = strings.CutSuffix(name, rawSuffix)
		}
		if ok && CheckName(id) == nil {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func newLayerID() (id layerID) {
	rand.Read(id[:])
	return id
}

func newName() string {
	id := newLayerID()
	return hex.EncodeToString(id[:])
}
