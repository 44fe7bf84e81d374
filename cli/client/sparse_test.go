package client

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/iotest"
)

// TestSparse writes data, zeros, data that is not aligned and zeros at the end, in pieces of
// several sizes.
func TestSparse(t *testing.T) {
	want := make([]byte, 16<<20+777)
	copy(want[5<<20-100:], bytes.Repeat([]byte("data"), 1000))
	copy(want[9<<20+1:], "x")
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(want), "halves": iotest.HalfReader(bytes.NewReader(want))} {
		f, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		out := &sparse{file: f}
		if _, err := io.Copy(out, r); err != nil {
			t.Fatal(err)
		}
		if err := out.end(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(f.Name())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v, want the %d that were written", name, len(got), err, len(want))
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if taken := info.Sys().(*syscall.Stat_t).Blocks * 512; taken > 1<<20 {
			t.Errorf("%s: the file takes up %d bytes, want holes for zeros", name, taken)
		}
		f.Close()
	}
}
