package volume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memFS is a file system in memory that tells what is on stable storage from what
// is not. The power may be cut between any two calls, or after a given number of
// them; what was not synced is then there or not, sector by sector and name by
// name, as chance has it.
type memFS struct {
	mu       sync.Mutex
	names    map[string]*inode
	stable   map[string]*inode // the names that are on stable storage
	pending  []change          // what has been done to names since
	capacity int64             // bytes; 0: no limit
	used     int64

	countdown int // calls that change something until the power goes; < 0: it stays
	off       bool
}

// change is one that is durable as a whole or not at all.
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

// step is called by everything that changes something.
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

// cut returns what is left when the power goes.
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

// kill returns the same file system with nobody in it.
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

// change does something to names now, and on stable storage later.
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

// memFile is an open file.
type memFile struct {
	fs    *memFS
	i     *inode
	write bool
	held  lockMode
}

func (f *memFile) ReadAt(p []byte, off int64) (n int, err error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.off {
		return 0, errOff
	}
	for n < len(p) && off+int64(n) < f.i.size {
		at := off + int64(n)
		end := min(len(p), n+int(memPage-at%memPage), n+int(f.i.size-at))
		if page := f.i.pages[at/memPage]; page != nil {
			copy(p[n:end], page[at%memPage:])
		} else {
			clear(p[n:end])
		}
		n = end
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (f *memFile) ReadCached(p []byte, off int64) bool {
	n, err := f.ReadAt(p, off)
	return n == len(p) && err == nil
}

func (f *memFile) WriteAt(p []byte, off int64) (n int, err error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if !f.write {
		return 0, fs.ErrPermission
	}
	for n < len(p) {
		if err := f.fs.step(); err != nil {
			return n, err
		}
		at := off + int64(n)
		page, err := f.page(at / memPage)
		if err != nil {
			return n, err
		}
		n += copy(page[at%memPage:], p[n:])
		f.i.size = max(f.i.size, off+int64(n))
	}
	return n, nil
}

// page returns a copy of a page that may be written to, having kept what it was.
func (f *memFile) page(n int64) (*[memPage]byte, error) {
	old := f.i.pages[n]
	if old == nil {
		if f.fs.capacity > 0 && f.fs.used+memPage > f.fs.capacity {
			return nil, syscall.ENOSPC
		}
		f.fs.used += memPage
	}
	f.keep(n)
	p := new([memPage]byte)
	if old != nil {
		*p = *old
	}
	f.i.pages[n] = p
	return p, nil
}

// keep remembers what a page was.
func (f *memFile) keep(n int64) {
	const most = 4
	if h := f.i.history[n]; len(h) < most {
		f.i.history[n] = append(h, f.i.pages[n])
	}
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.step(); err != nil {
		return err
	}
	for n := range f.i.history {
		if p := f.i.pages[n]; p != nil {
			f.i.stable[n] = p
		} else {
			delete(f.i.stable, n)
		}
	}
	clear(f.i.history)
	f.i.stableSize = f.i.size
	return nil
}

func (f *memFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.step(); err != nil {
		return err
	}
	if size < f.i.size {
		return errors.New("files do not become shorter here")
	}
	f.i.size = size
	return nil
}

func (f *memFile) Punch(off, n int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if !f.write {
		return fs.ErrPermission
	}
	if err := f.fs.step(); err != nil {
		return err
	}
	for end := off + n; off < end; {
		next := min(end, (off/memPage+1)*memPage)
		if f.i.pages[off/memPage] != nil {
			p, err := f.page(off / memPage)
			if err != nil {
				return err
			}
			clear(p[off%memPage:][:next-off])
			if next-off == memPage {
				delete(f.i.pages, off/memPage)
				f.fs.used -= memPage
			}
		}
		off = next
	}
	return nil
}

func (f *memFile) Allocate(off, n int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	for end := off + n; off < end; off = (off/memPage + 1) * memPage {
		if err := f.fs.step(); err != nil {
			return err
		}
		if f.i.pages[off/memPage] == nil {
			if _, err := f.page(off / memPage); err != nil {
				return err
			}
		}
		f.i.size = max(f.i.size, min(end, (off/memPage+1)*memPage))
	}
	return nil
}

func (f *memFile) Extent(off, end int64) (int64, bool, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.off {
		return 0, false, errOff
	}
	is := func(at int64) bool { return f.i.pages[at/memPage] != nil }
	data, at := is(off), off
	if !data && end-off > 1<<24 { // so that large holes do not take long
		next := end
		for n := range f.i.pages {
			if n*memPage > off {
				next = min(next, n*memPage)
			}
		}
		return next - off, false, nil
	}
	for at < end && is(at) == data {
		at = (at/memPage + 1) * memPage
	}
	return min(at, end) - off, data, nil
}

func (f *memFile) Stat() (fileInfo, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.off {
		return fileInfo{}, errOff
	}
	return f.i.stat(), nil
}

func (f *memFile) Lock(mode lockMode) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.off {
		return nil // who cares
	}
	f.unlock()
	switch {
	case mode == shared && f.i.writers == 0:
		f.i.readers++
	case mode == unlocked:
	case mode != shared && f.i.readers+f.i.writers == 0:
		f.i.writers++
	default:
		return errLocked
	}
	f.held = mode
	return nil
}

func (f *memFile) unlock() {
	switch f.held {
	case shared:
		f.i.readers--
	case exclusive, waiting:
		f.i.writers--
	}
	f.held = unlocked
}

func (f *memFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if !f.fs.off {
		f.unlock()
	}
	return nil
}
