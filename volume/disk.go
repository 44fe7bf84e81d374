package volume

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrReadOnly is the error of writes to a disk that was opened read-only.
var ErrReadOnly = errors.New("opened for reading only")

// Disk is an open volume, snapshot or image, the storage of a logical unit: offsets and
// lengths are bytes, multiples of BlockSize and inside [0, Size()). All methods are safe
// for concurrent use. Close waits for calls under way; no method may be called after it.
type Disk struct {
	s    *stack
	role role
	once sync.Once
}

// Open opens a volume exclusively for writing, or a volume, snapshot or image for shared
// reading. The error is ErrInUse if another user excludes this one.
func (d *Dir) Open(id string, readOnly bool) (disk *Disk, err error) {
	as := writer
	if readOnly {
		as = reader
	}
	err = d.withLock(func() error {
		s, err := d.acquire(id, as)
		disk = &Disk{s: s, role: as}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	return disk, nil
}

// acquire returns the stack of an id, and opens it if this process has not. The caller
// holds the lock of the directory.
func (d *Dir) acquire(id string, as role) (*stack, error) {
	s := d.opened[id]
	first := s == nil
	if first {
		m, err := d.load(id)
		if err != nil {
			return nil, err
		}
		if s, err = d.openStack(m); err != nil {
			return nil, err
		}
		d.opened[id] = s
	}
	err := s.admit(as)
	s.users[as]++
	if err == nil {
		err = s.relock()
	}
	if err == nil && first && s.m.Kind == KindVolume {
		err = s.finishAtomic()
	}
	if err != nil {
		return nil, errors.Join(err, d.release(s, as))
	}
	return s, nil
}

// admit returns an error if the role conflicts with the kind or with other users.
func (s *stack) admit(as role) error {
	switch {
	case as == writer && s.m.Kind != KindVolume:
		return fmt.Errorf("write to %s %s: %w", s.m.Kind, s.m.id, ErrKind)
	case as == reader && s.users[writer] > 0, as == writer && s.users[writer]+s.users[reader] > 0:
		return ErrInUse
	}
	return nil
}

// release undoes acquire.
func (d *Dir) release(s *stack, as role) error {
	s.users[as]--
	if s.users != [3]int{} {
		return s.relock()
	}
	if d.opened[s.m.id] == s {
		delete(d.opened, s.m.id)
	}
	return s.close()
}

// Close closes the volume. It does not Sync.
func (k *Disk) Close() (err error) {
	k.once.Do(func() {
		k.s.dir.mu.Lock()
		defer k.s.dir.mu.Unlock()
		err = k.s.dir.release(k.s, k.role)
	})
	return err
}

// Size is the capacity in bytes.
func (k *Disk) Size() int64 { return k.s.size.Load() }

// Watch calls f whenever the volume has been enlarged, for a server that reports the new
// size to its initiators.
func (k *Disk) Watch(f func(size int64)) {
	k.s.dir.mu.Lock()
	defer k.s.dir.mu.Unlock()
	k.s.watch = append(k.s.watch, f)
}

// ReadAt fills p or returns an error.
func (k *Disk) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > k.Size()-int64(len(p)) {
		return 0, fmt.Errorf("read %d bytes at %d of %s: %w", len(p), off, k.s.m.id, io.EOF)
	}
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	if err := k.s.readAt(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ReadCached fills p if it can without waiting for the medium, and reports whether
// it did.
func (k *Disk) ReadCached(p []byte, off int64) bool {
	if !k.s.gate.TryRLock() {
		return false
	}
	defer k.s.gate.RUnlock()
	return off >= 0 && off <= k.Size()-int64(len(p)) && k.s.readCached(p, off)
}

// WriteAt writes into the page cache. When it fails, some of p may have been written.
func (k *Disk) WriteAt(p []byte, off int64) (int, error) {
	if err := k.write(p, off, int64(len(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Unmap deallocates a range: it reads as zeros and its space is freed.
func (k *Disk) Unmap(off, n int64) error { return k.write(nil, off, n) }

func (k *Disk) write(p []byte, off, n int64) error {
	if k.role == reader {
		return ErrReadOnly
	}
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	if off < 0 || n < 0 || off > k.Size()-n {
		return fmt.Errorf("write %d bytes at %d of %s: beyond its end", n, off, k.s.m.id)
	}
	if n == 0 {
		return nil
	}
	return k.s.write(p, off, n)
}

// Sync returns once every write that had returned before it was called is on stable
// storage, together with the map that locates it.
func (k *Disk) Sync() error {
	if k.role == reader {
		return nil
	}
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	return k.s.sync()
}

// Extent returns the length of the run that starts at off, and whether it takes up space
// (mapped) or is a hole that reads as zeros.
func (k *Disk) Extent(off int64) (n int64, mapped bool, err error) {
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	return k.s.extent(off)
}
