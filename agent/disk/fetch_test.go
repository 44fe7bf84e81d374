package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// memory is a disk in memory.
type memory []byte

func (m memory) WriteAt(b []byte, at int64) (int, error) { return copy(m[at:], b), nil }
func (m memory) ReadAt(b []byte, at int64) (int, error) {
	n := copy(b, m[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func noise(n int) []byte {
	b, r := make([]byte, n), rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func imageOf(content []byte, url string) Image {
	sum := sha256.Sum256(content)
	return Image{URLs: []string{url}, Algorithm: "sha256", Hash: hex.EncodeToString(sum[:])}
}

// The connection breaks twice; the image is whole all the same, and no byte came twice.
func TestWriteResumes(t *testing.T) {
	content := noise(5*block + 777)
	var asked, sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w = &breaking{ResponseWriter: w, left: 2*block + 5}
		}
		http.ServeContent(&counting{w, &sent}, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer server.Close()
	disk := memory(noise(8 * block))
	told := int64(0)
	n, err := Write(t.Context(), server.Client(), imageOf(content, server.URL), disk, int64(len(disk)), func(done, all int64) {
		if told = done; all != int64(len(content)) {
			t.Errorf("%d bytes in all, want %d", all, len(content))
		}
	})
	if err != nil || n != int64(len(content)) || told != n || !bytes.Equal(disk[:n], content) || asked.Load() != 3 {
		t.Errorf("Write = %d, %v, told %d, asked %d times", n, err, told, asked.Load())
	}
}

// breaking ends the connection after some bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) > b.left {
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}

type counting struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

func TestWriteRefuses(t *testing.T) {
	content := noise(2 * block)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer server.Close()
	good := imageOf(content, server.URL)
	other, unknown, gone := good, good, imageOf(content, server.URL+"/gone")
	other.Hash = strings.Repeat("0", 64)
	unknown.Algorithm = "crc"
	for want, c := range map[string]struct {
		image Image
		size  int64
	}{"the image that came has": {other, 4 * block}, "knows nothing": {unknown, 4 * block}, "404": {gone, 4 * block},
		"the disk only": {good, block}} {
		if _, err := Write(context.Background(), server.Client(), c.image, make(memory, c.size), c.size, func(int64, int64) {}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("Write = %v, want %q", err, want)
		}
	}
}

func TestErase(t *testing.T) {
	const size = 40<<20 + 512
	d := memory(noise(size))
	if Empty(d, size) == nil {
		t.Fatal("noise is empty")
	}
	if err := EraseMetadata(d, size); err != nil || Empty(d[:edge], edge) != nil || Empty(d[size-edge:], edge) != nil ||
		Empty(d, size) == nil {
		t.Errorf("EraseMetadata = %v: both ends must be empty, and the middle not", err)
	}
	passes := int64(0)
	if err := Shred(t.Context(), d, size, 2, func(_, all int64) { passes = all / size }); err != nil || Empty(d, size) != nil || passes != 3 {
		t.Errorf("Shred = %v, %d passes", err, passes)
	}
	small := memory(noise(1000))
	if err := EraseMetadata(small, 1000); err != nil || Empty(small, 1000) != nil {
		t.Errorf("EraseMetadata of a small disk: %v", err)
	}
}

type bad struct{ memory }

func (b bad) ReadAt(p []byte, at int64) (int, error) {
	n, err := b.memory.ReadAt(p, at)
	p[77] ^= 1
	return n, err
}

func TestBurnIn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if n, err := BurnIn(ctx, make(memory, 3*block), 3*block); err != nil || n == 0 {
		t.Errorf("BurnIn = %d, %v", n, err)
	}
	if _, err := BurnIn(t.Context(), bad{make(memory, 3*block)}, 3*block); err == nil || !strings.Contains(err.Error(), "byte 77") {
		t.Errorf("BurnIn of a bad disk = %v", err)
	}
}
