package volume

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// memFS is a file system in memory that tracks what is on stable storage. The power may be
// cut between any two calls, or after a given number of them; unsynced changes then survive
// at random, sector by sector and name by name.
type memFS struct {
	mu       sync.Mutex
	names    map[string]*inode
	stable   map[string]*inode // the names that are on stable storage
	pending  []change          // later changes of names
	capacity int64             // bytes; 0: no limit
	used     int64

	countdown int // changing calls left until the power is cut; < 0: never
	off       bool
}

// change is an atomic change of names.
type change struct {
	dir string
	do  func(map[string]*inode)
}

const (
	memPage   = 4096
	memSector = 512
)

// inode is a file. A page that is not there is a hole.
type inode struct {
	pages      map[int64]*[memPage]byte
	size       int64
	stable     map[int64]*[memPage]byte
	stableSize int64
	history    map[int64][]*[memPage]byte // of pages that were written to since Sync

	readers, writers int // holders of the lock
}

var errOff = errors.New("the power is off")

func newMemFS() *memFS {
	return &memFS{names: map[string]*inode{}, stable: map[string]*inode{}, countdown: -1}
}

// step is called by every changing call.
func (m *memFS) step() error {
	if m.countdown == 0 {
		m.off = true
	}
	if m.off {
		return errOff
	}
	if m.countdown > 0 {
		m.countdown--
	}
	return nil
}

// cut returns the file system after a power cut.
func (m *memFS) cut(r *rand.Rand) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = true
	names := maps.Clone(m.stable)
	inOrder := r.IntN(2) == 0
	for _, c := range m.pending {
		if r.IntN(3) > 0 {
			c.do(names)
		} else if inOrder { // a journal
			break
		}
	}
	left := newMemFS()
	left.capacity = m.capacity
	seen := map[*inode]*inode{}
	for name, i := range names {
		if seen[i] == nil {
			seen[i] = i.cut(r)
			left.used += int64(len(seen[i].pages)) * memPage
		}
		left.names[name] = seen[i]
	}
	left.stable = maps.Clone(left.names)
	return left
}

func (i *inode) cut(r *rand.Rand) *inode {
	left := &inode{pages: maps.Clone(i.stable), size: i.stableSize, history: map[int64][]*[memPage]byte{}}
	if r.IntN(2) == 0 {
		left.size = i.size
	}
	for n, versions := range i.history {
		versions = append(slices.Clone(versions), i.pages[n])
		var p [memPage]byte
		for s := 0; s < memPage; s += memSector {
			if v := versions[r.IntN(len(versions))]; v != nil {
				copy(p[s:s+memSector], v[s:])
			}
		}
		if left.pages[n] = &p; p == [memPage]byte{} && r.IntN(2) == 0 {
			delete(left.pages, n)
		}
	}
	if left.pages == nil {
		left.pages = map[int64]*[memPage]byte{}
	}
	maps.DeleteFunc(left.pages, func(n int64, _ *[memPage]byte) bool { return n*memPage >= left.size })
	if n := left.size / memPage; left.size%memPage != 0 && left.pages[n] != nil {
		p := *left.pages[n]
		clear(p[left.size%memPage:])
		left.pages[n] = &p
	}
	left.stable, left.stableSize = maps.Clone(left.pages), left.size
	return left
}

// kill returns the same file system without open files and locks.
func (m *memFS) kill() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = true
	left := &memFS{names: m.names, stable: m.stable, pending: m.pending, capacity: m.capacity, used: m.used, countdown: -1}
	for _, i := range m.names {
		i.readers, i.writers = 0, 0
	}
	return left
}

func dirOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return "."
}

func clean(name string) string { return strings.TrimPrefix(name, "./") }

func (m *memFS) Create(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = clean(name)
	if m.names[name] != nil {
		return nil, fmt.Errorf("create %s: %w", name, fs.ErrExist)
	}
	if err := m.step(); err != nil {
		return nil, err
	}
	i := &inode{pages: map[int64]*[memPage]byte{}, stable: map[int64]*[memPage]byte{}, history: map[int64][]*[memPage]byte{}}
	m.change(dirOf(name), func(names map[string]*inode) { names[name] = i })
	return &memFile{fs: m, i: i, write: true}, nil
}

// change changes names now, and on stable storage later.
func (m *memFS) change(dir string, do func(map[string]*inode)) {
	do(m.names)
	m.pending = append(m.pending, change{dir, do})
}

func (m *memFS) Open(name string, write bool) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off {
		return nil, errOff
	}
	i := m.names[clean(name)]
	if i == nil {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	return &memFile{fs: m, i: i, write: write}, nil
}

func (m *memFS) Link(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to = clean(from), clean(to)
	i := m.names[from]
	if i == nil {
		return fs.ErrNotExist
	}
	if m.names[to] != nil {
		return fs.ErrExist
	}
	if err := m.step(); err != nil {
		return err
	}
	m.change(dirOf(to), func(names map[string]*inode) { names[to] = i })
	return nil
}

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to = clean(from), clean(to)
	i := m.names[from]
	if i == nil {
		return fs.ErrNotExist
	}
	if err := m.step(); err != nil {
		return err
	}
	m.change(dirOf(to), func(names map[string]*inode) {
		names[to] = i
		delete(names, from)
	})
	return nil
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = clean(name)
	i := m.names[name]
	if i == nil {
		return fs.ErrNotExist
	}
	if err := m.step(); err != nil {
		return err
	}
	m.change(dirOf(name), func(names map[string]*inode) { delete(names, name) })
	for _, other := range m.names {
		if other == i {
			return nil
		}
	}
	m.used -= int64(len(i.pages)) * memPage
	return nil
}

func (m *memFS) Names(dir string) (list []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off {
		return nil, errOff
	}
	for name := range m.names {
		if dirOf(name) == dir {
			list = append(list, name[strings.LastIndexByte(name, '/')+1:])
		}
	}
	slices.Sort(list)
	return list, nil
}

func (m *memFS) Stat(name string) (fileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off {
		return fileInfo{}, errOff
	}
	i := m.names[clean(name)]
	if i == nil {
		return fileInfo{}, fs.ErrNotExist
	}
	return i.stat(), nil
}

func (i *inode) stat() fileInfo {
	return fileInfo{Size: i.size, Allocated: int64(len(i.pages)) * memPage, Modified: time.Unix(1, 0)}
}

func (m *memFS) Same(a, b string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names[clean(a)] != nil && m.names[clean(a)] == m.names[clean(b)]
}

func (m *memFS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step(); err != nil {
		return err
	}
	rest := m.pending[:0:0]
	for _, c := range m.pending {
		if c.dir == dir {
			c.do(m.stable)
		} else {
			rest = append(rest, c)
		}
	}
	m.pending = rest
	return nil
}

func (m *memFS) Free() (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.capacity == 0 {
		return 1 << 50, nil
	}
	return m.capacity - m.used, nil
}

func (m *memFS) Close() error { return nil }
