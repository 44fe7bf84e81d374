package backup

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Package archive/tar does not write sparse files, so the headers are made here: "PAX interchange format" of POSIX.1-2017, pax(1), and
// "PAX Format, Version 1.0" of "Storing Sparse Files" in the manual of GNU tar.

const block = 512

// extent is a run of data.
type extent struct{ off, n int64 }

// sparse is a file with holes.
type sparse interface {
	io.ReaderAt
	// Extent returns the length of the run of data or of the hole at off.
	Extent(off int64) (n int64, data bool, err error)
}

// writeFile writes the entry of a file of size bytes.
func writeFile(w io.Writer, name string, size int64, modified time.Time, r io.Reader) error {
	if _, err := w.Write(headers(name, size, modified, nil)); err != nil {
		return err
	}
	return body(w, size, r)
}

// writeSparse writes the entry of a file with holes.
func writeSparse(w io.Writer, name string, size int64, modified time.Time, f sparse) error {
	runs, total, err := runsOf(f, size)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at := layout(runs)
	marks := []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=" + name, fmt.Sprintf("GNU.sparse.realsize=%d", size)}
	if _, err := w.Write(append(headers(name, int64(len(at))+total, modified, marks), at...)); err != nil {
		return err
	}
	for _, run := range runs {
		n, err := io.Copy(w, io.NewSectionReader(f, run.off, run.n))
		if err == nil && n < run.n {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return pad(w, total)
}

// maxRuns keeps the map of a file well below the MiB that archive/tar and next read.
const maxRuns = 1 << 14

func runsOf(f sparse, size int64) (runs []extent, total int64, err error) {
	for off := int64(0); off < size; {
		n, data, err := f.Extent(off)
		if err != nil {
			return nil, 0, err
		}
		if data {
			runs = append(runs, extent{off, n})
		}
		off += n
	}
	for gap := int64(block); len(runs) > maxRuns; gap *= 2 {
		runs = join(runs, gap)
	}
	for _, r := range runs {
		total += r.n
	}
	return append(runs, extent{size, 0}), total, nil // GNU tar ends with an empty run
}

// join makes one run of those that holes of less than gap bytes separate.
func join(runs []extent, gap int64) []extent {
	joined := runs[:1]
	for _, r := range runs[1:] {
		last := &joined[len(joined)-1]
		if r.off-(last.off+last.n) < gap {
			last.n = r.off + r.n - last.off
		} else {
			joined = append(joined, r)
		}
	}
	return joined
}

// layout is the map of the runs, as it stands before their data.
func layout(runs []extent) []byte {
	b := fmt.Appendf(nil, "%d\n", len(runs))
	for _, r := range runs {
		b = fmt.Appendf(b, "%d\n%d\n", r.off, r.n)
	}
	return append(b, make([]byte, padding(int64(len(b))))...)
}

func body(w io.Writer, size int64, r io.Reader) error {
	n, err := io.Copy(w, io.LimitReader(r, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return pad(w, size)
}

func padding(n int64) int64 { return (block - n%block) % block }

func pad(w io.Writer, n int64) error {
	_, err := w.Write(make([]byte, padding(n)))
	return err
}

// end is what an archive ends with.
func end() []byte { return make([]byte, 2*block) }

// headers are the extended header and the header of an entry. The size stands in both: the
// one in octal ends at 8 GiB.
func headers(name string, size int64, modified time.Time, marks []string) []byte {
	var records strings.Builder
	for _, mark := range append([]string{fmt.Sprintf("size=%d", size), "path=" + name}, marks...) {
		records.WriteString(record(mark))
	}
	text := records.String()
	b := header("PaxHeaders/"+name, 'x', int64(len(text)), modified)
	b = append(append(b, text...), make([]byte, padding(int64(len(text))))...)
	return append(b, header(name, '0', size, modified)...)
}

// record is "LENGTH KEY=VALUE\n", where the length counts itself.
func record(mark string) string {
	n := len(mark) + 3
	for len(fmt.Sprint(n))+len(mark)+2 != n {
		n++
	}
	return fmt.Sprintf("%d %s\n", n, mark)
}

// header is that of ustar. A long name is cut off: the extended header has it.
func header(name string, kind byte, size int64, modified time.Time) []byte {
	b := make([]byte, block)
	copy(b[:100], name)
	copy(b[100:], "0000600\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00        %c", size&(1<<33-1), max(0, modified.Unix())&(1<<33-1), kind))
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}
