package image

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"ironhook/volume"
)

// isFault reports whether an error is of a kind that is the file's fault.
func isFault(err error) bool {
	return slices.ContainsFunc([]error{ErrDamaged, ErrHostile, ErrUnsupported, ErrTooLarge, ErrChecksum, volume.ErrSize},
		func(kind error) bool { return errors.Is(err, kind) })
}

func tarOf(t testing.TB, files map[string][]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, data := range files {
		err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t testing.TB, files map[string][]byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// footer is that of a fixed VHD of so many bytes.
func footer(size int64) []byte {
	f := make([]byte, vhdFooter)
	copy(f, vhdMagic)
	binary.BigEndian.PutUint64(f[48:], uint64(size))
	binary.BigEndian.PutUint32(f[60:], vhdFixed)
	sum := uint32(0)
	for _, v := range f {
		sum += uint32(v)
	}
	binary.BigEndian.PutUint32(f[64:], ^sum)
	return f
}

// imported imports a file and returns the disk.
func imported(t *testing.T, r Request) ([]byte, Result, error) {
	t.Helper()
	d := open(t)
	res, err := Import(t.Context(), d, "img", r)
	if err != nil {
		nothing(t, d)
		return nil, res, err
	}
	return contents(t, d, "img"), res, nil
}

// TestForms has what is read of each form, and what is refused with what to do.
func TestForms(t *testing.T) {
	disk := sample()
	gz, xz, zst, lz4 := packers["gz"](t, disk), packers["xz"](t, disk), packers["zst"](t, disk), packers["lz4"](t, disk)
	skip := "\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
	vhd := slices.Concat(disk, footer(int64(len(disk))))
	for name, c := range map[string]struct {
		file []byte
		said Format
		want string // of the error, "" for none
		kind error
	}{
		"gzip and zeros":      {file: append(bytes.Clone(gz), make([]byte, 512)...)},
		"gzip and a text":     {file: append(bytes.Clone(gz), "a signature"...)},
		"gzip of two members": {file: slices.Concat(packers["gz"](t, disk[:70000]), packers["gz"](t, disk[70000:]))},
		"gzip, damaged second member": {file: slices.Concat(packers["gz"](t, disk[:70000]), packers["gz"](t, disk[70000:])[:5000]),
			want: "cut off after", kind: ErrDamaged},
		"gzip, cut in a header": {file: slices.Concat(packers["gz"](t, disk), gz[:5]), want: "cut off after", kind: ErrDamaged},
		"gzip, damaged":         {file: flipped(gz, len(gz)-6), want: "damaged at byte", kind: ErrDamaged},
		"xz, damaged":           {file: flipped(xz, 100_000), want: "damaged at byte", kind: ErrDamaged},
		"xz and a text":         {file: append(bytes.Clone(xz), "text"...), want: "something else follows", kind: ErrDamaged},
		"zstd, damaged":         {file: flipped(zst, 70_000), want: "damaged at byte", kind: ErrDamaged},
		"zstd, cut off":         {file: zst[:150_000], want: "cut off after 150000 bytes", kind: ErrDamaged},
		"zstd, frames to skip":  {file: slices.Concat([]byte(skip), zst, []byte(skip))},
		"lz4, frames to skip":   {file: slices.Concat(lz4, []byte(skip), packers["lz4"](t, nil))},
		"lz4, cut off":          {file: lz4[:len(lz4)/2], want: "cut off after", kind: ErrDamaged},
		"lz4, damaged":          {file: flipped(lz4, len(lz4)-2), want: "damaged at byte", kind: ErrDamaged},
		"tar": {file: tarOf(t,
			map[string][]byte{"disk.raw": disk, "README.txt": []byte("read me"), "disk.raw.sha256": []byte("0123")})},
		"tar.zst with an xz": {file: packers["zst"](t, tarOf(t, map[string][]byte{"disk.raw.xz": xz}))},
		"tar with two disks": {file: tarOf(t, map[string][]byte{"a.raw": disk, "b.raw": disk}), want: "more than one disk",
			kind: ErrUnsupported},
		"tar without a disk": {file: tarOf(t, map[string][]byte{"a.txt": []byte("text"), "b": []byte("\x7fELF")}),
			want: "no disk image in the archive", kind: ErrUnsupported},
		"tar, cut off": {file: tarOf(t, map[string][]byte{"disk.raw": disk})[:1<<20], want: "cut off or damaged",
			kind: ErrDamaged},
		"tar in a tar": {file: tarOf(t, map[string][]byte{"a.tar": tarOf(t, map[string][]byte{"disk.raw": disk})}),
			want: "no disk image in the archive", kind: ErrUnsupported},
		"zip": {file: zipOf(t, map[string][]byte{"disk.img": disk, "note": []byte("text")})},
		"zip with two disks": {file: zipOf(t, map[string][]byte{"a.raw": disk, "b.raw": disk}), want: "more than one disk",
			kind: ErrUnsupported},
		"zip, cut off":       {file: zipOf(t, map[string][]byte{"disk.img": disk})[:4096], want: "cut off or damaged", kind: ErrDamaged},
		"zip, damaged":       {file: flipped(zipOf(t, map[string][]byte{"disk.img": disk}), 150_000), want: "damaged", kind: ErrDamaged},
		"fixed vhd":          {file: vhd},
		"fixed vhd, said so": {file: vhd, said: VHD},
		"fixed vhd as raw":   {file: vhd, said: Raw, want: "--disk-format vhd", kind: ErrUnsupported},
		"fixed vhd, cut off": {file: slices.Concat(disk[:len(disk)-512], footer(int64(len(disk)))), want: "bytes of a disk that is",
			kind: ErrDamaged},
		"raw as vhd":               {file: disk, said: VHD, want: "--disk-format raw", kind: ErrUnsupported},
		"vhd's word in a raw disk": {file: disk[: len(disk)-512 : len(disk)-512], said: Raw, want: "differs"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "differs" { // what only looks like a footer
				c.file = append(c.file, vhdMagic+strings.Repeat("x", 504)...)
			}
			got, _, err := imported(t, Request{Reader: bytes.NewReader(c.file), Format: c.said})
			switch {
			case c.kind != nil:
				if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Import = %v, want %v with %q", err, c.kind, c.want)
				}
			case err != nil:
				t.Error(err)
			case c.want == "differs" && !bytes.Equal(got, c.file), c.want == "" && !bytes.Equal(got, disk):
				t.Error("not what was imported")
			}
		})
	}
}

// TestDamagedDisks has disks in formats with tables that are damaged or cut off: it is said
// what is wrong and what to do, without a word about files of ours.
func TestDamagedDisks(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		damage func([]byte) []byte
	}{
		"qcow2 cluster": {[]string{"-c", "-O", "qcow2"}, func(b []byte) []byte {
			for i := 5 * 64 << 10; i < len(b)-4096; i++ { // the clusters come after five of tables
				b[i] ^= 0xff
			}
			return b
		}},
		"qcow2, cut off":    {[]string{"-O", "qcow2"}, func(b []byte) []byte { return b[:200] }},
		"vmdk":              {[]string{"-O", "vmdk", "-o", "subformat=streamOptimized"}, func(b []byte) []byte { return b[:len(b)/2] }},
		"vhdx":              {[]string{"-O", "vhdx"}, func(b []byte) []byte { clear(b[64<<10 : 200<<10]); return b }},
		"vdi":               {[]string{"-O", "vdi"}, func(b []byte) []byte { b[0x44] = 9; return b }},
		"vhd":               {[]string{"-O", "vpc"}, func(b []byte) []byte { clear(b[512:2048]); return b }},
		"vmdk, cut":         {[]string{"-O", "vmdk"}, func(b []byte) []byte { return b[:len(b)-70<<10] }},
		"vdi, cut":          {[]string{"-O", "vdi"}, func(b []byte) []byte { return b[:len(b)-1<<20] }},
		"vhdx, cut":         {[]string{"-O", "vhdx"}, func(b []byte) []byte { return b[:len(b)-5<<20] }},
		"vhd, cut":          {[]string{"-O", "vpc"}, func(b []byte) []byte { return b[:len(b)-1<<20] }},
		"qcow2, cut":        {[]string{"-O", "qcow2"}, func(b []byte) []byte { return b[:len(b)-200<<10] }},
		"packed, cut":       {[]string{"-c", "-O", "qcow2"}, func(b []byte) []byte { return b[:len(b)-100<<10] }},
		"vmdk without data": {[]string{"-O", "vmdk"}, func([]byte) []byte { return []byte("# Disk DescriptorFile\nversion=1\n") }},
	} {
		file, err := os.ReadFile(made(t, c.args...))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = imported(t, Request{Reader: bytes.NewReader(c.damage(file))})
		if err == nil || !isFault(err) || strings.Contains(err.Error(), "/dev/fd") {
			t.Errorf("%s: Import = %v, want what is wrong with the file", name, err)
		}
		t.Logf("%s: %v", name, err)
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x55
	return b
}

// TestSourceFails has a source that breaks off within compressed data: that is no damage.
func TestSourceFails(t *testing.T) {
	broken := errors.New("cable pulled")
	for name, pack := range packers {
		b := pack(t, sample())
		_, _, err := imported(t, Request{Reader: io.MultiReader(bytes.NewReader(b[:len(b)/2]), failing{broken})})
		if !errors.Is(err, broken) || isFault(err) {
			t.Errorf("%s: Import = %v, want %v and nothing about the file", name, err, broken)
		}
	}
}

func TestHint(t *testing.T) {
	for at, want := range map[int]bool{512: false, 4096: true} {
		disk := make([]byte, 1<<20)
		copy(disk[at:], "EFI PART")
		for _, file := range [][]byte{disk, packers["gz"](t, disk), slices.Concat(disk, footer(int64(len(disk))))} {
			if _, res, err := imported(t, Request{Reader: bytes.NewReader(file)}); err != nil || strings.Contains(res.Hint, "4096") != want {
				t.Errorf("hint for a partition table at %d: %q, %v", at, res.Hint, err)
			}
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	for text, want := range map[string]int64{
		"": alwaysGranted, "MemTotal: 5 kB\nMemAvailable:        100 kB\n": alwaysGranted, "MemAvailable:    1048576 kB\n": 512 << 20,
		"MemAvailable: 99999999 kB\n":             neverMore,
		"MemAvailable: 99999999999999999999 kB\n": alwaysGranted,
	} {
		if got := limitFor([]byte(text)); got != want {
			t.Errorf("limitFor(%q) = %d, want %d", text, got, want)
		}
	}
}
