package image

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ulikunitz/xz"
)

// xzOf packs b into blocks of so many bytes.
func xzOf(t testing.TB, b []byte, block int64, check byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: block, CheckSum: check, NoCheckSum: check == 0}.NewWriter(&out)
	if err == nil {
		_, err = w.Write(b)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unxz(b []byte) ([]byte, error) {
	r, _, err := openXZ(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// TestXZ lets files pass that have several blocks, streams, padding, and each check.
func TestXZ(t *testing.T) {
	plain := sample()
	rand.NewChaCha8([32]byte{}).Read(plain[:300_000]) //nolint:errcheck // it never fails
	half := len(plain) / 2
	for name, file := range map[string][]byte{
		"one block":    xzOf(t, plain, 1<<40, xz.CRC64),
		"many blocks":  xzOf(t, plain, 100_001, xz.CRC32),
		"SHA-256":      xzOf(t, plain, 1<<20, xz.SHA256),
		"no check":     xzOf(t, plain, 1<<20, 0),
		"two streams":  append(xzOf(t, plain[:half], 1<<20, xz.CRC64), xzOf(t, plain[half:], 77_777, xz.CRC32)...),
		"with padding": append(append(xzOf(t, plain[:half], 1<<20, xz.CRC64), make([]byte, 8)...), xzOf(t, plain[half:], 77_777, xz.CRC32)...),
	} {
		if got, err := unxz(file); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %d bytes, %v, want the %d that were packed", name, len(got), err, len(plain))
		}
	}
	if got, err := unxz(xzOf(t, nil, 1<<20, xz.CRC64)); err != nil || len(got) > 0 {
		t.Errorf("nothing: %d bytes, %v", len(got), err)
	}
}

// TestXZOfTheTool lets what Debian's xz writes pass, which has the sizes in its headers.
func TestXZOfTheTool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		t.Skip("needs xz-utils")
	}
	file := tool(t, "xz", "--stdout", "--threads=2", "--block-size=1MiB", path)
	if got, err := unxz(file); err != nil || !bytes.Equal(got, sample()) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestXZWantsMemory has the second block of a file ask for 4 GiB.
func TestXZWantsMemory(t *testing.T) {
	file := xzOf(t, bytes.Repeat([]byte("some text, "), 100), 500, xz.CRC64)
	first := file[12 : 12+5] // size, flags, filter LZMA2 with one byte of properties, that byte
	second := 13 + bytes.Index(file[13:], first)
	for _, at := range []int{12, second} {
		hostile := bytes.Clone(file)
		hostile[at+4] = 40
		header := hostile[at : at+(int(hostile[at])+1)*4]
		binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
		if got, err := unxz(hostile); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a block at %d that wants 4 GiB: %d bytes, %v, want %v", at, len(got), err, ErrTooLarge)
		}
	}
	for cut := range len(file) {
		if _, err := unxz(file[:cut]); err == nil {
			t.Errorf("the first %d of %d bytes of a file were accepted", cut, len(file))
		}
	}
}

// TestIndexOfBlocks exchanges two blocks of a file whose sizes differ: only the index knows.
func TestIndexOfBlocks(t *testing.T) {
	b := xzOf(t, append(bytes.Repeat([]byte("a"), 500), bytes.Repeat([]byte("bc"), 333)...), 500, xz.CRC32)
	_, err := unxz(b)
	if err != nil {
		t.Fatal(err)
	}
	var starts []int
	for i := 12; b[i] != 0; { // header, two or more blocks, index
		starts = append(starts, i)
		i = nextBlock(b, i)
	}
	first, second := b[starts[0]:starts[1]], b[starts[1]:nextBlock(b, starts[1])]
	swapped := slices.Concat(b[:12], second, first, b[12+len(first)+len(second):])
	if got, err := unxz(swapped); err == nil {
		t.Errorf("blocks in another order give %q", got)
	}
}

// nextBlock returns where the block ends that begins at i: header, chunks, padding, CRC-32.
func nextBlock(b []byte, i int) int {
	start := i
	i += (int(b[i]) + 1) * 4
	for b[i] != 0 {
		switch control := b[i]; {
		case control >= 0xc0:
			i += 6 + int(b[i+3])<<8 + int(b[i+4]) + 1
		case control >= 0x80:
			i += 5 + int(b[i+3])<<8 + int(b[i+4]) + 1
		default:
			i += 3 + int(b[i+1])<<8 + int(b[i+2]) + 1
		}
	}
	i++
	return i + (start-i)&3 + 4
}

func FuzzXZ(f *testing.F) {
	f.Add(xzOf(f, []byte("some text, some text, some text"), 8, xz.CRC32))
	f.Add(xzOf(f, nil, 8, xz.CRC64))
	f.Add(append(xzOf(f, []byte("text"), 8, xz.SHA256), make([]byte, 8)...))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openXZ, b) })
}
