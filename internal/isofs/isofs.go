// Package isofs writes small ISO 9660 images (ECMA-119) whose names are those of Rock Ridge
// (IEEE P1282): lower case, and longer than eight letters.
package isofs

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	sector  = 2048
	first   = 16 // sector of the volume descriptors
	tables  = 18 // sectors of the path tables, little- and big-endian
	content = 20

	maxName  = 64 // bytes of a name
	maxFiles = 64
)

// node is a file or a directory.
type node struct {
	name     string
	id       string // of ECMA-119: numbered, for Rock Ridge has the name
	dir      bool
	data     []byte
	children []*node // of a directory
	parent   *node   // of the root, itself
	number   int     // of a directory, in the path tables
	at, size int     // first sector, and bytes
}

// Image returns an image with these files by path ("a/b/c"), whose volume has this label.
func Image(label string, files map[string][]byte) ([]byte, error) {
	if label == "" || len(label) > 32 || len(files) == 0 || len(files) > maxFiles {
		return nil, fmt.Errorf("ISO image %.40q of %d files: want a label of 1 to 32 bytes and 1 to %d files", label, len(files), maxFiles)
	}
	root := &node{id: "\x00", dir: true}
	root.parent = root
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := root.add(name, files[name]); err != nil {
			return nil, err
		}
	}
	dirs, leaves := root.walk()
	at := content
	for i, d := range dirs {
		d.number, d.size = i+1, sectors(len(d.records()))*sector
	}
	for _, n := range slices.Concat(dirs, leaves) {
		n.at = at
		at += sectors(n.size)
	}
	b := make([]byte, at*sector)
	little, big := pathTables(dirs)
	copy(b[first*sector:], descriptor(label, root, at, len(little)))
	copy(b[(first+1)*sector:], "\xffCD001\x01")
	copy(b[tables*sector:], little)
	copy(b[(tables+1)*sector:], big)
	for _, d := range dirs {
		copy(b[d.at*sector:], d.records())
	}
	for _, f := range leaves {
		copy(b[f.at*sector:], f.data)
	}
	return b, nil
}

func sectors(bytes int) int { return max((bytes+sector-1)/sector, 1) }

// add makes a file below n, with its directories.
func (n *node) add(name string, data []byte) error {
	if path.Clean("/"+name) != "/"+name {
		return fmt.Errorf("file name %.80q of an ISO image is no clean path", name)
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if len(part) > maxName {
			return fmt.Errorf("file name %.80q of an ISO image has a part of more than %d bytes", name, maxName)
		}
		at, leaf := slices.IndexFunc(n.children, func(c *node) bool { return c.name == part }), i == len(parts)-1
		if at < 0 {
			at = len(n.children)
			n.children = append(n.children, &node{name: part, id: fmt.Sprintf("F%07d", at), parent: n, dir: !leaf})
		}
		if n = n.children[at]; n.dir == leaf {
			return fmt.Errorf("file name %.80q of an ISO image is a directory, too", name)
		}
	}
	n.data, n.size = data, len(data)
	return nil
}

// walk returns the directories, level by level as the path tables want them, and the files.
func (n *node) walk() (dirs, files []*node) {
	dirs = []*node{n}
	for i := 0; i < len(dirs); i++ {
		for _, c := range dirs[i].children {
			if c.dir {
				dirs = append(dirs, c)
			} else {
				files = append(files, c)
			}
		}
	}
	return dirs, files
}

// records is the content of a directory. No record crosses the border of a sector.
func (n *node) records() (b []byte) {
	list := [][]byte{n.record("\x00", n.parent == n), n.parent.record("\x01", false)}
	for _, c := range n.children {
		list = append(list, c.record(c.id, false))
	}
	for _, r := range list {
		if room := sector - len(b)%sector; len(r) > room {
			b = append(b, make([]byte, room)...)
		}
		b = append(b, r...)
	}
	return b
}

// record is a directory record (ECMA-119 section 9.1) with the System Use entries of Rock
// Ridge: the name, and SP in the first record of the root.
func (n *node) record(id string, root bool) []byte {
	b := make([]byte, 33, 256)
	if n.dir {
		b[25] = 2
	}
	both32(b[2:], n.at)
	both32(b[10:], n.size)
	copy(b[18:], []byte{126, 1, 1, 0, 0, 0, 0}) // 2026-01-01, for the same image at each start
	both16(b[28:], 1)
	b[32] = byte(len(id))
	if b = append(b, id...); len(b)%2 == 1 {
		b = append(b, 0)
	}
	if root {
		b = append(b, 'S', 'P', 7, 1, 0xbe, 0xef, 0)
	}
	if id == n.id && n.name != "" {
		b = append(b, 'N', 'M', byte(5+len(n.name)), 1, 0)
		b = append(b, n.name...)
	}
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// pathTables are the directories (ECMA-119 section 9.4) in both byte orders.
func pathTables(dirs []*node) (little, big []byte) {
	for _, d := range dirs {
		for _, t := range []struct {
			b     *[]byte
			order binary.AppendByteOrder
		}{{&little, binary.LittleEndian}, {&big, binary.BigEndian}} {
			b := append(*t.b, byte(len(d.id)), 0)
			b = t.order.AppendUint32(b, uint32(d.at))
			b = t.order.AppendUint16(b, uint16(d.parent.number))
			if b = append(b, d.id...); len(d.id)%2 == 1 {
				b = append(b, 0)
			}
			*t.b = b
		}
	}
	return little, big
}

// descriptor is the primary volume descriptor (ECMA-119 section 8.4).
func descriptor(label string, root *node, sectors, pathTable int) []byte {
	b := make([]byte, sector)
	copy(b, "\x01CD001\x01")
	for i := 8; i < 72; i++ {
		b[i] = ' '
	}
	copy(b[40:72], label)
	both32(b[80:], sectors)
	both16(b[120:], 1)
	both16(b[124:], 1)
	both16(b[128:], sector)
	both32(b[132:], pathTable)
	binary.LittleEndian.PutUint32(b[140:], tables)
	binary.BigEndian.PutUint32(b[148:], tables+1)
	copy(b[156:], root.record("\x00", false)[:34])
	b[156] = 34
	for i := 190; i < 813; i++ {
		b[i] = ' '
	}
	for i := 813; i < 881; i += 17 {
		copy(b[i:], "0000000000000000")
	}
	b[881] = 1
	return b
}

func both32(b []byte, v int) {
	binary.LittleEndian.PutUint32(b, uint32(v))
	binary.BigEndian.PutUint32(b[4:], uint32(v))
}

func both16(b []byte, v int) {
	binary.LittleEndian.PutUint16(b, uint16(v))
	binary.BigEndian.PutUint16(b[2:], uint16(v))
}
