package image

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"ironhook/volume"
)

// qcow2 reads the active state of a qcow2 file, version 2 or 3 (QEMU,
// docs/interop/qcow2.txt). Every field is checked before it is used. Internal snapshots are
// ignored.
type qcow2 struct {
	file        io.ReaderAt
	length      int64 // of the file
	size        int64 // of the image
	clusterBits int
	zstd        bool
	l1Offset    int64
	l1Size      int64

	tables   map[int64]bool // L2 tables that have been read
	packed   places         // compressed clusters that have been read
	standard int64          // bytes of clusters that have been read
	inflate  io.ReadCloser  // used again and again
	expand   *zstd.Decoder
}

const (
	qcow2Magic     = "QFI\xfb"
	maxL1          = 4 << 20 // entries: what QEMU accepts
	offsetMask     = 0x00fffffffffffe00
	flagCompressed = 1 << 62
	flagZero       = 1
)

// damagedQcow2 reports a corrupt part of a qcow2 file.
func damagedQcow2(part string, err error) error {
	return fmt.Errorf("the %s of the qcow2 file is cut off or damaged: %s: %w: %w", part, sendAgain, ErrDamaged, err)
}

// features are the incompatible features (bit: message); others are refused as unknown.
var features = map[int]string{
	1: "it is marked as corrupt",
	2: "its data is in another file",
	4: "extended L2 entries are not supported",
}

// readable are the incompatible features that do not hinder a reader, or are supported:
// dirty refcounts, the compression type.
const readable = 1<<0 | 1<<3

// openQcow2 reads the header of a file of length bytes.
func openQcow2(file io.ReaderAt, length, most int64) (*qcow2, error) {
	h := make([]byte, 112)
	if n, err := file.ReadAt(h, 0); err != nil && (err != io.EOF || n < 72) {
		return nil, damagedQcow2("header", err)
	}
	be := binary.BigEndian
	q := &qcow2{
		file: file, length: length, tables: map[int64]bool{}, packed: places{},
		size: int64(be.Uint64(h[24:])), clusterBits: int(be.Uint32(h[20:])),
		l1Size: int64(be.Uint32(h[36:])), l1Offset: int64(be.Uint64(h[40:])),
	}
	v := be.Uint32(h[4:])
	switch {
	case string(h[:4]) != qcow2Magic:
		return nil, fmt.Errorf("not a qcow2 file: %w", ErrUnsupported)
	case v != 2 && v != 3:
		return nil, fmt.Errorf("qcow2 version %d: %w", v, ErrUnsupported)
	case be.Uint64(h[8:]) != 0:
		return nil, fmt.Errorf("the qcow2 file has a backing file; flatten it first with qemu-img convert: %w", ErrHostile)
	case be.Uint32(h[32:]) != 0:
		return nil, fmt.Errorf("the qcow2 file is encrypted: %w", ErrUnsupported)
	case q.clusterBits < 9 || q.clusterBits > 21:
		return nil, fmt.Errorf("qcow2 clusters of 1<<%d bytes: %w", q.clusterBits, ErrHostile)
	case q.size <= 0 || q.size > most:
		return nil, fmt.Errorf("the qcow2 file is of an image of %d bytes, and at most %d are accepted: %w", uint64(q.size), most, ErrTooLarge)
	}
	if v == 3 {
		if err := q.extended(h); err != nil {
			return nil, err
		}
	}
	return q, q.checkL1()
}

// extended checks the header fields of version 3.
func (q *qcow2) extended(h []byte) error {
	set := binary.BigEndian.Uint64(h[72:])
	for bit := range 64 {
		if set>>bit&1 == 0 || readable>>bit&1 != 0 {
			continue
		}
		what := features[bit]
		if what == "" {
			what = fmt.Sprintf("unknown feature %d", bit)
		}
		return fmt.Errorf("the qcow2 file cannot be read: %s: %w", what, ErrHostile)
	}
	if set>>3&1 != 0 && binary.BigEndian.Uint32(h[100:]) > 104 {
		if kind := h[104]; kind > 1 {
			return fmt.Errorf("qcow2 compression type %d: %w", kind, ErrUnsupported)
		}
		q.zstd = h[104] == 1
	}
	return nil
}

// checkL1 checks the place and the size of the L1 table.
func (q *qcow2) checkL1() error {
	perTable := int64(1) << (2*q.clusterBits - 3) // bytes that an L2 table covers
	needed := (q.size + perTable - 1) / perTable
	if q.l1Size < needed || q.l1Size > maxL1 || q.l1Offset <= 0 || q.l1Offset%q.clusterSize() != 0 || q.l1Offset > q.length-8*needed {
		return fmt.Errorf("the qcow2 file has no proper L1 table: %w", ErrHostile)
	}
	q.l1Size = needed
	return nil
}

func (q *qcow2) clusterSize() int64 { return 1 << q.clusterBits }

// decodeQcow2 writes the image of a qcow2 file.
func decodeQcow2(ctx context.Context, b *volume.Builder, f *os.File, length, most int64) error {
	q, err := openQcow2(f, length, most)
	if err != nil {
		return err
	}
	b.Resize(q.size)
	return q.each(ctx, func(p []byte, off int64) error {
		_, err := b.WriteAt(p, off)
		return err
	})
}

// each calls do for each allocated cluster, in order.
func (q *qcow2) each(ctx context.Context, do func(p []byte, off int64) error) error {
	l1 := make([]byte, 8*q.l1Size)
	if _, err := q.file.ReadAt(l1, q.l1Offset); err != nil {
		return damagedQcow2("L1 table", err)
	}
	defer q.close()
	table, data := make([]byte, q.clusterSize()), make([]byte, q.clusterSize())
	for i := range q.l1Size {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := int64(binary.BigEndian.Uint64(l1[8*i:]) & offsetMask)
		if at == 0 {
			continue
		}
		if err := q.table(table, at); err != nil {
			return err
		}
		first := i * q.clusterSize() / 8 * q.clusterSize()
		if err := q.clusters(ctx, table, first, data, do); err != nil {
			return err
		}
	}
	return nil
}

// table reads an L2 table. A table used twice is refused: a small file could claim a large
// image.
func (q *qcow2) table(p []byte, at int64) error {
	if at%q.clusterSize() != 0 || at > q.length-q.clusterSize() || q.tables[at] {
		return fmt.Errorf("qcow2 L2 table at %d: %w", at, ErrHostile)
	}
	q.tables[at] = true
	if _, err := q.file.ReadAt(p, at); err != nil {
		return damagedQcow2(fmt.Sprintf("L2 table at %d", at), err)
	}
	return nil
}

// clusters calls do for the clusters of a table, the first of which is at off.
func (q *qcow2) clusters(ctx context.Context, table []byte, off int64, data []byte, do func([]byte, int64) error) error {
	for ; len(table) > 0 && off < q.size; table, off = table[8:], off+q.clusterSize() {
		entry := binary.BigEndian.Uint64(table)
		p := data[:min(q.clusterSize(), q.size-off)]
		if err := ctx.Err(); err != nil {
			return err
		}
		there, err := q.cluster(p, entry)
		if err != nil {
			return fmt.Errorf("qcow2 cluster for offset %d: %w", off, err)
		}
		if !there {
			continue
		}
		if err := do(p, off); err != nil {
			return err
		}
	}
	return nil
}

// cluster reads the cluster of an L2 entry, if there is one.
func (q *qcow2) cluster(p []byte, entry uint64) (there bool, err error) {
	if entry&flagCompressed != 0 {
		return true, q.compressed(p, entry)
	}
	at := int64(entry & offsetMask)
	if at == 0 || entry&flagZero != 0 {
		return false, nil
	}
	// Clusters are not shared: all together are not more than the file.
	if at >= q.length {
		return false, fmt.Errorf("it lies beyond the end of the file, which is cut off: %s: %w", sendAgain, ErrDamaged)
	}
	if q.standard += q.clusterSize(); at%q.clusterSize() != 0 || q.standard > q.length+q.clusterSize() {
		return false, ErrHostile
	}
	return true, q.read(p, at)
}

// read fills p. The last cluster of a file may be short; zeros follow.
func (q *qcow2) read(p []byte, at int64) error {
	n, err := q.file.ReadAt(p, at)
	if err == io.EOF {
		clear(p[n:])
		return nil
	}
	return err
}

// compressed reads a compressed cluster. The low x bits of the entry are its offset in bytes,
// the rest is the number of additional sectors.
func (q *qcow2) compressed(p []byte, entry uint64) error {
	x := 62 - (q.clusterBits - 8)
	at := int64(entry & (1<<x - 1))
	sectors := int64(entry&(flagCompressed-1)>>x) + 1
	n := sectors*512 - at%512
	if at >= q.length {
		return fmt.Errorf("it lies beyond the end of the file, which is cut off: %s: %w", sendAgain, ErrDamaged)
	}
	if at <= 0 || n > 2*q.clusterSize()+512 || !q.packed.add(at) {
		return ErrHostile
	}
	packed := make([]byte, min(n, q.length-at))
	if err := q.read(packed, at); err != nil {
		return err
	}
	z, err := q.decompressor(packed)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(z, p); err != nil {
		return damagedQcow2("compressed data", err)
	}
	return nil
}

// places is a set of offsets in a file. Two offsets are at least as far apart as the smallest
// compressed cluster is long, which is more than eight bytes. Each 256 KiB of the file with
// an offset take 4 KiB.
type places map[int64]*[512]uint64

// add reports whether an offset is new.
func (s places) add(at int64) bool {
	const span = 8 * 64 * 512
	page := s[at/span]
	if page == nil {
		page = new([512]uint64)
		s[at/span] = page
	}
	word, bit := &page[at%span/512], uint64(1)<<(at%512/8)
	old := *word
	*word |= bit
	return old&bit == 0
}

// decompressor returns a reader of the decompressed data, valid until the next call.
func (q *qcow2) decompressor(packed []byte) (io.Reader, error) {
	r := bytes.NewReader(packed)
	if !q.zstd {
		if q.inflate == nil {
			q.inflate = flate.NewReader(r)
			return q.inflate, nil
		}
		return q.inflate, q.inflate.(flate.Resetter).Reset(r, nil)
	}
	if q.expand == nil {
		var err error
		q.expand, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(4<<20), zstd.IgnoreChecksum(false))
		return q.expand, err
	}
	return q.expand, q.expand.Reset(r)
}

func (q *qcow2) close() {
	if q.expand != nil {
		q.expand.Close()
	}
}
