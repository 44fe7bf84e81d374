package iscsi_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// needsQEMU asks for QEMU's tools and its block driver for iSCSI, which is a package of
// its own.
func needsQEMU(t *testing.T) {
	t.Helper()
	needsPeers(t, map[string]string{"qemu-img": "qemu-utils", "qemu-io": "qemu-utils"})
	out, err := exec.Command("qemu-img", "info", "iscsi://127.0.0.1:1/iqn.x/0").CombinedOutput()
	if err == nil || strings.Contains(string(out), "Unknown protocol") || strings.Contains(string(out), "Unknown driver") {
		t.Fatal("qemu-img does not know iSCSI: apt-get install qemu-block-extra")
	}
}

// noise makes a file of random bytes.
func noise(t *testing.T, size int) string {
	t.Helper()
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{7}).Read(b)
	path := filepath.Join(t.TempDir(), "noise.raw")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tool runs one of QEMU's tools, which has two minutes.
func tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := tool(t, name, args...); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// QEMU's initiator writes an image through CHAP and reads it back, discards, writes
// zeros, and takes part with digests.
func TestQEMU(t *testing.T) {
	needsQEMU(t)
	t.Parallel()
	source, file := noise(t, 64<<20), diskImage(t, 64<<20)
	e := export(t, "--chap", "alice:"+secret(t, "alice", "wonderland12"), file)
	url := e.url("alice%wonderland12@")
	must(t, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, url)
	must(t, "qemu-img", "compare", "-f", "raw", "-F", "raw", source, url)
	must(t, "cmp", source, file)
	must(t, "qemu-io", "-f", "raw", "-c", "write -P 5 1M 3M", "-c", "flush", "-c", "read -P 5 1M 3M", "-c", "write -z 2M 1M", "-c",
		"read -P 0 2M 1M",
		"-c", "discard 1M 1M", "-c", "read -P 5 3M 1M", url)
	digests := []string{"driver=iscsi", "transport=tcp", "portal=" + e.portal, "target=" +
		e.target, "lun=0", "user=alice", "header-digest=crc32c"}
	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte("wonderland12"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "qemu-io", "--object", "secret,id=s,file="+pass, "-c", "write -P 9 0 8M", "-c", "read -P 9 0 8M", "--image-opts",
		strings.Join(append(digests, "password-secret=s"), ","))
	if out, err := tool(t, "qemu-io", "-f", "raw", "-c", "read 0 512", e.url("alice%guess@")); err == nil {
		t.Errorf("a wrong secret reads:\n%s", out)
	}
}

// The server is killed and started again while QEMU copies an image to it: a stall, but
// no error, and all of it arrives.
func TestQEMUGoesOnAfterKill(t *testing.T) {
	needsQEMU(t)
	t.Parallel()
	const size = 64 << 20
	source, file := noise(t, size), diskImage(t, size)
	e := export(t, file)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	convert := exec.CommandContext(ctx, "qemu-img", "convert", "-n", "-r", "16M", "-f", "raw", "-O", "raw", source, e.url(""))
	var out strings.Builder
	convert.Stdout, convert.Stderr = &out, &out
	if err := convert.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- convert.Wait() }()
	for kills, next := 0, int64(size/8); kills < 3; kills, next = kills+1, next+size/4 {
		for !blocksOf(t, file, next) {
			select {
			case err := <-done:
				t.Fatalf("convert ended after %d kills: %v\n%s", kills, err, out.String())
			case <-time.After(5 * time.Millisecond):
			}
		}
		e.kill()
		e = export(t, "--listen", e.portal, file)
	}
	if err := <-done; err != nil {
		t.Fatalf("convert: %v\n%s", err, out.String())
	}
	must(t, "cmp", source, file)
}

// blocksOf reports whether the file has that many bytes on disk or in the cache.
func blocksOf(t *testing.T, file string, n int64) bool {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks*512 >= n
}
