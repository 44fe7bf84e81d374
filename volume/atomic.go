package volume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
)

// A write becomes atomic by writing the data twice: first as a record in a file beside the
// newest layer, synced, then in its place, synced. After that the record is made void. If a
// crash comes in between, the next Open finds the record and repeats the write. An
// incomplete record is ignored: nothing of its write has reached the layer.

const (
	atomicSuffix = ".atomic"
	atomicMagic  = "IRONATOM"
	atomicHeader = 512     // magic, offset, length, checksum of header and data; then zeros
	atomicLimit  = 1 << 20 // bytes
)

func atomicPath(m *manifest) string { return m.file(m.top()) + atomicSuffix }

// encodeAtomic encodes the record of a write.
func encodeAtomic(p []byte, off int64) []byte {
	b := make([]byte, atomicHeader, atomicHeader+len(p))
	copy(b, atomicMagic)
	binary.BigEndian.PutUint64(b[8:], uint64(off))
	binary.BigEndian.PutUint64(b[16:], uint64(len(p)))
	b = append(b, p...)
	binary.BigEndian.PutUint32(b[24:], crc32.Checksum(b, castagnoli))
	return b
}

// decodeAtomic decodes a record, if it is complete.
func decodeAtomic(b []byte, size int64) (p []byte, off int64, ok bool) {
	if len(b) < atomicHeader || string(b[:8]) != atomicMagic {
		return nil, 0, false
	}
	at, n := binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	if n > atomicLimit || n > uint64(len(b)-atomicHeader) || at > uint64(size) || n > uint64(size)-at {
		return nil, 0, false
	}
	b = b[:atomicHeader+n]
	return b[atomicHeader:], int64(at), binary.BigEndian.Uint32(b[24:]) == checksum(b, 24)
}

// AtomicLimit is the longest write in bytes that WriteAtomic takes.
func (k *Disk) AtomicLimit() int64 { return atomicLimit }

// WriteAtomic writes p so that after a crash either all of it is there or nothing. It is on
// stable storage when this returns. The caller prevents concurrent writes to the same
// blocks.
func (k *Disk) WriteAtomic(p []byte, off int64) error {
	if k.role == reader {
		return ErrReadOnly
	}
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	if off < 0 || len(p) > atomicLimit || off > k.Size()-int64(len(p)) {
		return fmt.Errorf("write %d bytes at %d of %s at once: too long, or beyond its end", len(p), off, k.s.m.id)
	}
	if err := k.s.writeAtomic(p, off); err != nil {
		return fmt.Errorf("write to %s at once: %w", k.s.m.id, err)
	}
	return nil
}

// writeAtomic allocates the space first: running out of it half way would leave half of the
// write.
func (s *stack) writeAtomic(p []byte, off int64) error {
	s.recording.Lock()
	defer s.recording.Unlock()
	n := int64(len(p))
	if err := s.dir.room.take(need(off, n)); err != nil && !s.filled(off, n) {
		return err
	}
	if err := s.top().file.Allocate(s.top().data+off, n); err != nil {
		return err
	}
	f, err := s.journal()
	if err != nil {
		return err
	}
	_, err = f.WriteAt(encodeAtomic(p, off), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		if err = s.write(p, off, n); err == nil {
			err = s.sync()
		}
	}
	if e := void(f); e != nil { // its replay would overwrite later data
		s.fail(e)
		err = errors.Join(err, e)
	}
	return errors.Join(err, f.Close())
}

// journal opens the file of records, and creates it durably if need be.
func (s *stack) journal() (file, error) {
	path := atomicPath(s.m)
	f, err := s.dir.fs.Open(path, true)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if f, err = s.dir.fs.Create(path); err != nil {
		return nil, err
	}
	if err := s.dir.fs.SyncDir(dirName(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func void(f file) error {
	_, err := f.WriteAt(make([]byte, atomicHeader), 0)
	return errors.Join(err, f.Sync())
}

// finishAtomic repeats an atomic write that a crash interrupted, and removes the record.
// The caller has the lock of the volume.
func (s *stack) finishAtomic() error {
	path := atomicPath(s.m)
	f, err := s.dir.fs.Open(path, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, atomicHeader+atomicLimit)
	if err := readFull(f, b, 0); err != nil {
		return err
	}
	if p, off, ok := decodeAtomic(b, s.size.Load()); ok {
		if err := errors.Join(s.write(p, off, int64(len(p))), s.sync()); err != nil {
			return fmt.Errorf("finish what a crash interrupted: %w", err)
		}
	}
	if err := void(f); err != nil {
		return err
	}
	return s.dir.fs.Remove(path)
}
