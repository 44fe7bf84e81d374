package backup

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// entry is a file in an archive, as writeFile and writeSparse make them and no other program
// does: archive/tar would read every zero of a hole.
type entry struct {
	name string
	size int64 // of the file
	runs []extent
	data *bufio.Reader // of the runs, one after the other
	rest *io.LimitedReader
}

// damagedf is an error of the archive.
func damagedf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// next reads the headers of an entry; io.EOF is the end of the archive.
func next(r io.Reader) (*entry, error) {
	b := make([]byte, block)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, cutOff(err)
	}
	if bytes.Equal(b, make([]byte, block)) {
		return nil, io.EOF
	}
	length, err := strconv.ParseInt(string(b[124:135]), 8, 64)
	if b[156] != 'x' || err != nil || length < 0 || length > maxSmall {
		return nil, damagedf("it is no archive of Ironhook")
	}
	text := make([]byte, length+padding(length)+block)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, cutOff(err)
	}
	if text[len(text)-block+156] != '0' {
		return nil, damagedf("an entry is no file")
	}
	return parse(string(text[:length]), r)
}

// cutOff is the error of an archive that ends too early, unless it is another's.
func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damagedf("the end is missing")
	}
	return err
}

// parse reads the records of an extended header, and the map of a file with holes.
func parse(records string, r io.Reader) (*entry, error) {
	keys := map[string]string{}
	for records != "" {
		_, rest, _ := strings.Cut(records, " ")
		mark, rest, ok := strings.Cut(rest, "\n")
		key, value, found := strings.Cut(mark, "=")
		if !ok || !found {
			return nil, damagedf("a record of a header is not whole")
		}
		keys[key], records = value, rest
	}
	stored, err := strconv.ParseInt(keys["size"], 10, 64)
	if err != nil || stored < 0 {
		return nil, damagedf("an entry has no size")
	}
	rest := &io.LimitedReader{R: r, N: stored + padding(stored)}
	e := &entry{name: keys["path"], size: stored, runs: []extent{{0, stored}}, data: bufio.NewReaderSize(rest, 64<<10), rest: rest}
	if real := keys["GNU.sparse.realsize"]; real != "" {
		if e.size, err = strconv.ParseInt(real, 10, 64); err != nil {
			return nil, damagedf("%.64q has no size", e.name)
		}
		return e, e.readMap()
	}
	return e, nil
}

// readMap reads what layout writes.
func (e *entry) readMap() error {
	read := int64(0)
	number := func() (int64, error) {
		line, err := e.data.ReadString('\n')
		if err != nil {
			return 0, cutOff(err)
		}
		read += int64(len(line))
		n, err := strconv.ParseInt(strings.TrimSuffix(line, "\n"), 10, 64)
		if err != nil || n < 0 || read > maxSmall {
			return 0, damagedf("the map of %.64q", e.name)
		}
		return n, nil
	}
	count, err := number()
	if err != nil {
		return err
	}
	e.runs = nil
	for end := int64(0); count > 0; count-- {
		var r extent
		if r.off, err = number(); err == nil {
			r.n, err = number()
		}
		if err != nil {
			return err
		}
		if r.off < end || r.n > e.size-r.off {
			return damagedf("the map of %.64q is not in order", e.name)
		}
		end = r.off + r.n
		e.runs = append(e.runs, r)
	}
	_, err = e.data.Discard(int(padding(read)))
	return err
}

// copyTo calls write for all data, in order.
func (e *entry) copyTo(write func(p []byte, off int64) error) error {
	buf := make([]byte, 64<<10)
	for _, r := range e.runs {
		for r.n > 0 {
			p := buf[:min(r.n, int64(len(buf)))]
			if _, err := io.ReadFull(e.data, p); err != nil {
				return cutOff(err)
			}
			if err := write(p, r.off); err != nil {
				return err
			}
			r.off, r.n = r.off+int64(len(p)), r.n-int64(len(p))
		}
	}
	return nil
}

// skip reads what is left of the entry.
func (e *entry) skip() error {
	if _, err := io.Copy(io.Discard, e.data); err != nil {
		return err
	}
	if e.rest.N > 0 {
		return cutOff(io.EOF)
	}
	return nil
}
