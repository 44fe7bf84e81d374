package volume

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

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

// page returns a writable copy of a page, after keeping the old contents.
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

// keep remembers the contents of a page.
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
	if !data && end-off > 1<<24 { // large holes must not take long
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
		return nil // locks have no effect here
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
