package disk

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// The partition tables of a disk: GPT (UEFI 2.10, 5.3), and that of the master boot record.

const (
	gptSignature = "EFI PART"
	align        = 1 << 20 // of partitions that are added, in bytes
	maxEntries   = 1024
)

// Device is a disk, or a file in its place.
type Device interface {
	io.ReaderAt
	io.WriterAt
}

// errNoTable is a disk without a table that is understood.
var errNoTable = errors.New("the image has no partition table, to which a config drive could be added")

// linux is the type of a partition with a file system of Linux's.
var linux = [16]byte{0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}

// esp is the type of the EFI system partition.
var esp = [16]byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}

// gpt is the table of a disk. Sector is its logical sector in bytes.
type gpt struct {
	sector  int64
	size    int64 // of the disk, in bytes
	header  []byte
	entries []byte
	each    int64 // bytes of an entry
}

// readGPT reads the table at the begin of the disk; nil is for a disk without one.
func readGPT(d io.ReaderAt, size, sector int64) (*gpt, error) {
	g := &gpt{sector: sector, size: size, header: make([]byte, 92)}
	if _, err := d.ReadAt(g.header, sector); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(g.header[:8]) != gptSignature {
		return nil, nil
	}
	count, each := int64(binary.LittleEndian.Uint32(g.header[80:])), int64(binary.LittleEndian.Uint32(g.header[84:]))
	if count == 0 || count > maxEntries || each < 128 || each > 4096 || binary.LittleEndian.Uint32(g.header[12:]) != 92 {
		return nil, fmt.Errorf("the partition table of the image is damaged: %d entries of %d bytes", count, each)
	}
	sum := binary.LittleEndian.Uint32(g.header[16:])
	binary.LittleEndian.PutUint32(g.header[16:], 0)
	if crc32.ChecksumIEEE(g.header) != sum {
		return nil, errors.New("the partition table of the image is damaged: its checksum is wrong")
	}
	g.each, g.entries = each, make([]byte, count*each)
	if _, err := d.ReadAt(g.entries, int64(binary.LittleEndian.Uint64(g.header[72:]))*sector); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(g.entries) != binary.LittleEndian.Uint32(g.header[88:]) {
		return nil, errors.New("the partition table of the image is damaged: the checksum of its entries is wrong")
	}
	return g, nil
}

// array is how many sectors the entries take.
func (g *gpt) array() int64 { return (int64(len(g.entries)) + g.sector - 1) / g.sector }

// last is the last sector that partitions may use on this disk.
func (g *gpt) last() int64 { return g.size/g.sector - 2 - g.array() }

// write writes both copies of the table, for the size of the disk: the second one first, so that
// one is whole at any time.
func (g *gpt) write(d io.WriterAt) error {
	end := g.size/g.sector - 1
	le := binary.LittleEndian
	le.PutUint64(g.header[48:], uint64(g.last()))
	le.PutUint32(g.header[88:], crc32.ChecksumIEEE(g.entries))
	for _, at := range []struct{ sector, other, entries int64 }{{end, 1, end - g.array()}, {1, end, 2}} {
		h := bytes.Clone(g.header)
		le.PutUint64(h[24:], uint64(at.sector))
		le.PutUint64(h[32:], uint64(at.other))
		le.PutUint64(h[72:], uint64(at.entries))
		le.PutUint32(h[16:], 0)
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h))
		if _, err := d.WriteAt(g.entries, at.entries*g.sector); err != nil {
			return err
		}
		sector := make([]byte, g.sector)
		copy(sector, h)
		if _, err := d.WriteAt(sector, at.sector*g.sector); err != nil {
			return err
		}
	}
	return nil
}

// span is the first and last sector of an entry, 0 and 0 for a free one.
func (g *gpt) span(i int) (first, last int64) {
	e := g.entries[int64(i)*g.each:]
	if bytes.Equal(e[:16], make([]byte, 16)) {
		return 0, 0
	}
	return int64(binary.LittleEndian.Uint64(e[32:])), int64(binary.LittleEndian.Uint64(e[40:]))
}

// add adds a partition of at least this many bytes at the end of the disk and returns where it
// begins, in bytes, and its number.
func (g *gpt) add(name string, size int64) (begins int64, number int, err error) {
	used, free := int64(0), -1
	for i := range int64(len(g.entries)) / g.each {
		first, last := g.span(int(i))
		used = max(used, last)
		if first == 0 && free < 0 {
			free = int(i)
		}
	}
	begin := (g.last()*g.sector - size) / align * align / g.sector
	if free < 0 || begin <= used {
		return 0, 0, fmt.Errorf("the disk has no room for a partition of %d bytes behind the image", size)
	}
	e := g.entries[int64(free)*g.each:][:g.each]
	clear(e)
	copy(e, linux[:])
	if _, err := rand.Read(e[16:32]); err != nil {
		return 0, 0, err
	}
	e[23], e[24] = e[23]&0x0f|0x40, e[24]&0x3f|0x80 // a random UUID, its third part in little endian
	binary.LittleEndian.PutUint64(e[32:], uint64(begin))
	binary.LittleEndian.PutUint64(e[40:], uint64(begin+(size+g.sector-1)/g.sector-1))
	for i, c := range utf16.Encode([]rune(name)) {
		binary.LittleEndian.PutUint16(e[56+2*i:], c)
	}
	return begin * g.sector, free + 1, nil
}

// addMBR adds a primary partition to the master boot record.
func addMBR(d Device, size, need, sector int64) (begins int64, number int, err error) {
	mbr := make([]byte, 512)
	if _, err := d.ReadAt(mbr, 0); err != nil {
		return 0, 0, err
	}
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return 0, 0, errNoTable
	}
	used, free := int64(0), -1
	for i := range 4 {
		e := mbr[446+16*i:]
		if e[4] == 0 {
			if free < 0 {
				free = i
			}
			continue
		}
		used = max(used, int64(binary.LittleEndian.Uint32(e[8:]))+int64(binary.LittleEndian.Uint32(e[12:])))
	}
	begin := (size - need) / align * align / sector
	if limit := int64(1) << 32; begin+need/sector >= limit { // it counts sectors in 32 bits
		begin = limit - (need+2*align)/sector
	}
	if free < 0 || begin <= used {
		return 0, 0, cmp.Or(errNoRoom(free), fmt.Errorf("the disk has no room for a partition of %d bytes behind the image", need))
	}
	e := mbr[446+16*free:][:16]
	clear(e)
	e[4] = 0x83
	copy(e[1:4], []byte{0xfe, 0xff, 0xff})
	copy(e[5:8], []byte{0xfe, 0xff, 0xff})
	binary.LittleEndian.PutUint32(e[8:], uint32(begin))
	binary.LittleEndian.PutUint32(e[12:], uint32((need+sector-1)/sector))
	_, err = d.WriteAt(mbr, 0)
	return begin * sector, free + 1, err
}

func errNoRoom(free int) error {
	if free < 0 {
		return errors.New("the image has four primary partitions, and there is no fifth for a config drive")
	}
	return nil
}

// Mend fits the partition table of an image to the size of the disk that it was written to: the
// second copy of a GPT belongs at the end. Without a GPT there is nothing to mend.
func Mend(d Device, size, sector int64) error {
	g, err := readGPT(d, size, sector)
	if err != nil || g == nil {
		return err
	}
	return g.write(d)
}

// AddConfigDrive adds a partition with a config drive at the end of the disk, and returns its
// number.
func AddConfigDrive(d Device, size, sector int64, drive []byte) (number int, err error) {
	g, err := readGPT(d, size, sector)
	if err != nil {
		return 0, err
	}
	need := int64(len(drive)+align-1) / align * align
	var begins int64
	if g != nil {
		begins, number, err = g.add("config-2", need)
	} else {
		begins, number, err = addMBR(d, size, need, sector)
	}
	if err != nil {
		return 0, err
	}
	if _, err := d.WriteAt(drive, begins); err != nil { // before a table names it
		return 0, err
	}
	if g != nil {
		err = g.write(d)
	}
	return number, err
}

// SystemPartition is the EFI system partition of a disk.
type SystemPartition struct {
	Number        int
	First, Blocks uint64 // in sectors
	UUID          [16]byte
}

// FindSystemPartition finds it, nil for none.
func FindSystemPartition(d io.ReaderAt, size, sector int64) (*SystemPartition, error) {
	g, err := readGPT(d, size, sector)
	if err != nil || g == nil {
		return nil, err
	}
	for i := range int(int64(len(g.entries)) / g.each) {
		e := g.entries[int64(i)*g.each:]
		if bytes.Equal(e[:16], esp[:]) {
			first, last := g.span(i)
			return &SystemPartition{Number: i + 1, First: uint64(first), Blocks: uint64(last - first + 1), UUID: [16]byte(e[16:32])}, nil
		}
	}
	return nil, nil
}
