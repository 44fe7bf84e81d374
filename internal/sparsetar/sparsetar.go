// Package sparsetar makes archives for tests of what reads archives of strangers.
package sparsetar

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// File is a tar archive of about two kilobytes with one file of size bytes, all of them a hole (GNU's sparse
// format 1.0).
func File(t testing.TB, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	records := map[string]string{ // tar.Writer refuses the true names
		"GNUxsparse.major": "1", "GNUxsparse.minor": "0", "GNUxsparse.name": name, "GNUxsparse.realsize": fmt.Sprint(size)}
	blocks := make([]byte, 512)
	copy(blocks, "0\n")
	err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(blocks)), Mode: 0o600, Format: tar.FormatPAX, PAXRecords: records})
	if err == nil {
		_, err = w.Write(blocks)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("GNUx"), []byte("GNU."))
}
