package export

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:3260": "127.0.0.1:3260", "0.0.0.0:3260": "127.0.0.1:3260", "[::]:99": "127.0.0.1:99", "[::1]:3260": "[::1]:3260",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(a); got != want {
			t.Errorf("reachable(%s) = %s, want %s", address, got, want)
		}
	}
}

// TestHint: a disk on which machines will find no partitions is served with a warning.
func TestHint(t *testing.T) {
	for at, want := range map[int64]bool{512: false, 4096: true} {
		file := filepath.Join(t.TempDir(), "disk.raw")
		disk := make([]byte, 1<<20)
		copy(disk[at:], "EFI PART")
		if err := os.WriteFile(file, disk, 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		_, disks, err := Config{Name: DefaultName, Files: []string{file}}.open(slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil || strings.Contains(log.String(), "4096") != want {
			t.Errorf("a table at %d: %v, log %q, want a warning: %v", at, err, log.String(), want)
		}
		for _, d := range disks {
			d.Close()
		}
	}
}
