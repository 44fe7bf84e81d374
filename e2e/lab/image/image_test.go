package image

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInitramfs has cpio itself read what writeInitramfs wrote.
func TestInitramfs(t *testing.T) {
	dir, back := t.TempDir(), t.TempDir()
	if err := writeFile(filepath.Join(dir, "sbin/init"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/sbin/init", filepath.Join(dir, "init")); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := writeInitramfs(&packed, dir); err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cpio", "--extract", "--quiet", "--directory", back)
	cmd.Stdin = plain
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cpio: %v: %s (package cpio)", err, out)
	}
	if to, err := os.Readlink(filepath.Join(back, "init")); to != "/sbin/init" {
		t.Errorf("link init = %q, %v, want /sbin/init", to, err)
	}
	body, err := os.ReadFile(filepath.Join(back, "sbin/init"))
	if string(body) != "#!/bin/sh\n" {
		t.Errorf("sbin/init = %q, %v", body, err)
	}
	if info, err := os.Stat(filepath.Join(back, "sbin/init")); err != nil || info.Mode() != 0o755 {
		t.Errorf("mode of sbin/init = %v, %v, want 0755", info.Mode(), err)
	}
}

// TestBootRecord reads the partition table at the offsets firmware does.
func TestBootRecord(t *testing.T) {
	mbr := bootRecord(bytes.Repeat([]byte{0xcc}, 440))
	if len(mbr) != 512 || mbr[439] != 0xcc || mbr[510] != 0x55 || mbr[511] != 0xaa {
		t.Fatalf("boot record of %d bytes, code ends %#x, signature % x", len(mbr), mbr[439], mbr[510:])
	}
	for _, p := range []struct {
		at          int
		active      byte
		kind        byte
		start, size uint32
	}{
		{446, 0x80, 0xef, 2048, 131072},
		{462, 0x00, 0x83, 133120, 163840},
	} {
		b := mbr[p.at : p.at+16]
		start, size := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		if b[0] != p.active || b[4] != p.kind || start != p.start || size != p.size {
			t.Errorf("partition at %d = %#x %#x %d+%d, want %#x %#x %d+%d",
				p.at, b[0], b[4], start, size, p.active, p.kind, p.start, p.size)
		}
	}
}

func TestCmdline(t *testing.T) {
	for _, test := range []struct {
		in   Options
		want string
	}{
		{Options{}, "guest=off"},
		{Options{Stay: true}, "guest=stay"},
		{Options{Write: 7}, "guest=write:7"},
		{Options{Stay: true, Args: "quiet"}, "guest=stay quiet"},
	} {
		if got := test.in.cmdline(); !strings.HasSuffix(got, test.want) {
			t.Errorf("%+v.cmdline() = %q, want it to end in %q", test.in, got, test.want)
		}
	}
}

// TestVolume builds the image and holds a copy of it against its promises: both
// boot loaders told, a sound root filesystem, and a second Build that is free.
func TestVolume(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a disk with the host's tools")
	}
	img, err := Build(t.Context(), filepath.Join("..", "..", "..", "build", "image"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "volume.raw")
	if err := img.Volume(t.Context(), path, Options{Stay: true}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/syslinux.cfg", "/loader/entries/guest.conf"} {
		out, err := runEnv(t.Context(), mtoolsEnv, "mtype", "-i", fatFS{path, bootStart}.drive(), "::"+name)
		if err != nil || !strings.Contains(string(out), "guest=stay") {
			t.Errorf("%s = %q, %v, want guest=stay in it", name, out, err)
		}
	}
	root := filepath.Join(t.TempDir(), "root.ext4")
	if err := extract(path, root, rootStart, rootSize); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), "e2fsck", "-fn", root); err != nil {
		t.Error(err)
	}
}

func extract(disk, to string, at, size int64) error {
	f, err := os.Open(disk)
	if err != nil {
		return err
	}
	defer f.Close()
	body, err := io.ReadAll(io.NewSectionReader(f, at, size))
	if err != nil {
		return err
	}
	return os.WriteFile(to, body, 0o644)
}
