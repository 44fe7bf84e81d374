package volume

import (
	"context"
	"encoding/binary"
	"io"
)

// The layout of the qcow2 files that we write, version 3 without extensions (QEMU,
// docs/interop/qcow2.txt): header, refcount table, refcount blocks, L1 table, L2 tables,
// data. Each part begins at a cluster, and the layout is known before the first cluster is
// written, so that the file can be written to a pipe.
type qcow2Layout struct {
	size      int64
	l1        int64   // entries of the L1 table
	tables    []int64 // the L2 tables, by their index in the L1 table
	data      []int64 // the allocated clusters, in order
	l1Cluster int64   // clusters of the L1 table
	refTable  int64   // clusters of the refcount table
	refBlocks int64
}

const (
	qcow2Bits   = 16 // a cluster is as large as our block
	l2Entries   = clusterSize / 8
	refEntries  = clusterSize / 2 // refcounts are 16 bits wide
	qcow2Copied = 1 << 63         // the refcount is 1
)

// writeQcow2 lays the file out, then writes it.
func writeQcow2(ctx context.Context, s *stack, w io.Writer, meter *Meter) error {
	var data []int64
	for off := int64(0); off < s.m.Size; {
		n, mapped, err := s.extent(off)
		if err != nil {
			return err
		}
		for b := off / clusterSize; mapped && b*clusterSize < off+n; b++ {
			if len(data) == 0 || data[len(data)-1] < b {
				data = append(data, b)
			}
		}
		off += n
	}
	l := layOut(s.m.Size, data)
	if _, err := w.Write(l.header()); err != nil {
		return err
	}
	if err := l.writeTables(w); err != nil {
		return err
	}
	p := make([]byte, clusterSize)
	for _, b := range l.data {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(clusterSize, s.m.Size-b*clusterSize)
		if err := s.readAt(p[:n], b*clusterSize); err != nil {
			return err
		}
		clear(p[n:])
		if _, err := w.Write(p); err != nil {
			return err
		}
		meter.reach(b*clusterSize + n)
	}
	return nil
}

func layOut(size int64, data []int64) *qcow2Layout {
	l := &qcow2Layout{size: size, data: data, l1: ceil(ceil(size, clusterSize), l2Entries)}
	for _, b := range data {
		if i := b / l2Entries; len(l.tables) == 0 || l.tables[len(l.tables)-1] < i {
			l.tables = append(l.tables, i)
		}
	}
	l.l1Cluster = ceil(l.l1*8, clusterSize)
	for before := int64(-1); before != l.clusters(); { // the refcount blocks are counted too
		before = l.clusters()
		l.refBlocks = ceil(before, refEntries)
		l.refTable = ceil(l.refBlocks*8, clusterSize)
	}
	return l
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }

// clusters is the number of clusters of the file.
func (l *qcow2Layout) clusters() int64 { return l.dataAt() + int64(len(l.data)) }

// The cluster where each part begins.
func (l *qcow2Layout) blocksAt() int64 { return 1 + l.refTable }
func (l *qcow2Layout) l1At() int64     { return l.blocksAt() + l.refBlocks }
func (l *qcow2Layout) l2At() int64     { return l.l1At() + l.l1Cluster }
func (l *qcow2Layout) dataAt() int64   { return l.l2At() + int64(len(l.tables)) }

func (l *qcow2Layout) header() []byte {
	b := make([]byte, clusterSize)
	copy(b, "QFI\xfb")
	binary.BigEndian.PutUint32(b[4:], 3)
	binary.BigEndian.PutUint32(b[20:], qcow2Bits)
	binary.BigEndian.PutUint64(b[24:], uint64(l.size))
	binary.BigEndian.PutUint32(b[36:], uint32(l.l1))
	binary.BigEndian.PutUint64(b[40:], uint64(l.l1At()*clusterSize))
	binary.BigEndian.PutUint64(b[48:], clusterSize)
	binary.BigEndian.PutUint32(b[56:], uint32(l.refTable))
	binary.BigEndian.PutUint32(b[96:], 4)    // refcounts of 1<<4 bits
	binary.BigEndian.PutUint32(b[100:], 104) // length of the header
	return b
}

// writeTables writes the tables between header and data.
func (l *qcow2Layout) writeTables(w io.Writer) error {
	table := func(clusters, entries int64, entry func(i int64) uint64) error {
		b := make([]byte, clusters*clusterSize)
		for i := range entries {
			binary.BigEndian.PutUint64(b[8*i:], entry(i))
		}
		_, err := w.Write(b)
		return err
	}
	if err := table(l.refTable, l.refBlocks, func(i int64) uint64 { return uint64((l.blocksAt() + i) * clusterSize) }); err != nil {
		return err
	}
	if err := l.writeRefcounts(w); err != nil {
		return err
	}
	next := 0
	if err := table(l.l1Cluster, l.l1, func(i int64) uint64 {
		if next == len(l.tables) || l.tables[next] != i {
			return 0
		}
		next++
		return uint64((l.l2At()+int64(next-1))*clusterSize) | qcow2Copied
	}); err != nil {
		return err
	}
	next = 0
	for _, t := range l.tables {
		if err := table(1, l2Entries, func(i int64) uint64 {
			if next == len(l.data) || l.data[next] != t*l2Entries+i {
				return 0
			}
			next++
			return uint64((l.dataAt()+int64(next-1))*clusterSize) | qcow2Copied
		}); err != nil {
			return err
		}
	}
	return nil
}

// writeRefcounts writes a refcount of 1 for each cluster.
func (l *qcow2Layout) writeRefcounts(w io.Writer) error {
	left := l.clusters()
	for range l.refBlocks {
		b := make([]byte, clusterSize)
		for i := range min(left, refEntries) {
			b[2*i+1] = 1
		}
		left -= refEntries
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
