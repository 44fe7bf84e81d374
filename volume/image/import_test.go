package image

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"ironhook/volume"
)

func open(t testing.TB) *volume.Dir {
	t.Helper()
	d, err := volume.Open(filepath.Join(t.TempDir(), "volumes"), volume.Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// sample is an image with data here and there, which does not end with a cluster.
func sample() []byte {
	b := make([]byte, 5<<20+3*512)
	r := rand.NewChaCha8([32]byte{7})
	r.Read(b[100<<10 : 400<<10])
	r.Read(b[3<<20 : 3<<20+777])
	copy(b[4<<20:], strings.Repeat("compressible ", 20000))
	r.Read(b[len(b)-512:])
	return b
}

func contents(t *testing.T, d *volume.Dir, id string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Export(t.Context(), id, volume.Raw, &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool runs a program that the test needs.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("needs " + name)
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s (Debian: apt install qemu-utils)", name, args, err, out)
	}
	return out
}

// made lets qemu-img convert the sample.
func made(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	raw, out := filepath.Join(dir, "raw"), filepath.Join(dir, "out")
	if err := os.WriteFile(raw, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "qemu-img", append(append([]string{"convert", "-f", "raw"}, args...), raw, out)...)
	return out
}

var packers = map[string]func(testing.TB, []byte) []byte{
	"plain": func(_ testing.TB, b []byte) []byte { return b },
	"gz":    packer(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }),
	"xz":    packer(func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }),
	"zst":   packer(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }),
	"lz4":   packer(func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil }),
	"lzma":  packer(func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) }),
}

func packer(open func(io.Writer) (io.WriteCloser, error)) func(testing.TB, []byte) []byte {
	return func(t testing.TB, b []byte) []byte {
		t.Helper()
		var out bytes.Buffer
		w, err := open(&out)
		if err == nil {
			_, err = w.Write(b)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}

func TestImportRaw(t *testing.T) {
	for name, pack := range packers {
		t.Run(name, func(t *testing.T) {
			d, file := open(t), pack(t, sample())
			sum := sha512.Sum512(file)
			var last volume.Progress
			res, err := Import(t.Context(), d, "img", Request{Reader: bytes.NewReader(file), Length: int64(len(file)),
				Checksum: "sha512:" + hex.EncodeToString(sum[:]), Tell: func(p volume.Progress) { last = p }})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(contents(t, d, "img"), sample()) {
				t.Error("not what was imported")
			}
			want := Result{Format: Raw, Size: int64(len(sample())), Length: int64(len(file)),
				MD5: fmt.Sprintf("%x", md5.Sum(file)), SHA256: fmt.Sprintf("%x", sha256.Sum256(file)), SHA512: hex.EncodeToString(sum[:])}
			if res != want {
				t.Errorf("Import = %+v, want %+v", res, want)
			}
			if last.Done != int64(len(file)) || last.Total != last.Done {
				t.Errorf("the last progress is %+v, want %d bytes", last, len(file))
			}
			if damage, err := d.Verify(t.Context(), "img", nil); err != nil || len(damage) > 0 {
				t.Errorf("Verify = %v, %v", damage, err)
			}
		})
	}
}

func TestImportFormats(t *testing.T) {
	for name, args := range map[string][]string{
		"qcow2":             {"-O", "qcow2"},
		"qcow2 version 2":   {"-O", "qcow2", "-o", "compat=0.10"},
		"qcow2 compressed":  {"-O", "qcow2", "-c"},
		"qcow2 zstd":        {"-O", "qcow2", "-c", "-o", "compression_type=zstd"},
		"qcow2 small":       {"-O", "qcow2", "-o", "cluster_size=512"},
		"qcow2 small zlib":  {"-O", "qcow2", "-c", "-o", "cluster_size=4096"},
		"qcow2 large":       {"-O", "qcow2", "-c", "-o", "cluster_size=2M"},
		"qcow2 metadata":    {"-O", "qcow2", "-o", "preallocation=metadata"},
		"vmdk":              {"-O", "vmdk"},
		"vmdk stream":       {"-O", "vmdk", "-o", "subformat=streamOptimized"},
		"vhdx":              {"-O", "vhdx"},
		"vhd":               {"-O", "vpc", "-o", "force_size=on"},
		"raw by its format": {"-O", "raw"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			res, err := Import(t.Context(), d, "img", Request{Path: made(t, args...)})
			if err != nil {
				t.Fatal(err)
			}
			got, want := contents(t, d, "img"), sample()
			if len(got) < len(want) || !bytes.Equal(got[:len(want)], want) || len(bytes.Trim(got[len(want):], "\x00")) > 0 {
				t.Error("not what was imported")
			}
			if format := Format(strings.Fields(name)[0]); res.Format != format {
				t.Errorf("format = %s, want %s", res.Format, format)
			}
			if damage, err := d.Verify(t.Context(), "img", nil); err != nil || len(damage) > 0 {
				t.Errorf("Verify = %v, %v", damage, err)
			}
		})
	}
}

func TestImportPackedQcow2(t *testing.T) {
	file, err := os.ReadFile(made(t, "-O", "qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	for name, pack := range packers {
		d := open(t)
		if _, err := Import(t.Context(), d, "img", Request{Reader: bytes.NewReader(pack(t, file))}); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(contents(t, d, "img"), sample()) {
			t.Errorf("%s: not what was imported", name)
		}
	}
}

// refused imports a file that must be refused, and wants nothing to be left.
func refused(t *testing.T, r Request, want error) {
	t.Helper()
	d := open(t)
	res, err := Import(t.Context(), d, "img", r)
	if !errors.Is(err, want) {
		t.Errorf("Import = %+v, %v, want %v", res, err, want)
	}
	nothing(t, d)
}

func nothing(t *testing.T, d *volume.Dir) {
	t.Helper()
	if _, err := d.Stat("img"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat = %v, want %v", err, fs.ErrNotExist)
	}
	if list, err := d.List(); err != nil || len(list) > 0 {
		t.Errorf("List = %v, %v, want nothing", list, err)
	}
}

func TestRefused(t *testing.T) {
	broken := errors.New("cable pulled")
	for name, c := range map[string]struct {
		r    Request
		want error
	}{
		"checksum":    {Request{Reader: bytes.NewReader(sample()), Checksum: "sha256:" + strings.Repeat("0", 64)}, ErrChecksum},
		"no checksum": {Request{Reader: bytes.NewReader(sample()), Checksum: "md5:00"}, ErrUnsupported},
		"too large":   {Request{Reader: bytes.NewReader(sample()), MaxSize: 1 << 20}, ErrTooLarge},
		"bomb":        {Request{Reader: bytes.NewReader(packers["gz"](t, make([]byte, 32<<20))), MaxSize: 1 << 20}, ErrTooLarge},
		"bomb as qcow2": {Request{Reader: bytes.NewReader(packers["zst"](t, append([]byte(qcow2Magic), make([]byte, 100<<20)...))),
			Format: Qcow2, MaxSize: 1 << 20}, ErrTooLarge},
		"cut off":          {Request{Reader: bytes.NewReader(packers["gz"](t, sample())[:10000])}, io.ErrUnexpectedEOF},
		"fails":            {Request{Reader: io.MultiReader(bytes.NewReader(sample()), failing{broken})}, broken},
		"fails at the end": {Request{Reader: io.MultiReader(bytes.NewReader(packers["gz"](t, sample())), failing{broken})}, nil},
		"format":           {Request{Reader: bytes.NewReader(sample()), Format: "iso"}, ErrUnsupported},
		"two sources":      {Request{Reader: bytes.NewReader(nil), Path: "x"}, ErrSource},
		"no source":        {Request{}, ErrSource},
		"no file":          {Request{Path: filepath.Join(t.TempDir(), "none")}, fs.ErrNotExist},
		"directory":        {Request{Path: t.TempDir()}, ErrSource},
		"scheme":           {Request{URL: "file:///etc/passwd"}, ErrSource},
		"empty":            {Request{Reader: bytes.NewReader(nil)}, volume.ErrSize},
		"not a qcow2":      {Request{Reader: bytes.NewReader(sample()), Format: Qcow2}, ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == nil {
				c.want = broken
			}
			refused(t, c.r, c.want)
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestCancelled(t *testing.T) {
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	endless := readerFunc(func(p []byte) (int, error) {
		cancel()
		return copy(p, "more"), nil
	})
	if _, err := Import(ctx, d, "img", Request{Reader: endless}); !errors.Is(err, context.Canceled) {
		t.Errorf("Import = %v, want %v", err, context.Canceled)
	}
	nothing(t, d)
}

func TestTaken(t *testing.T) {
	d := open(t)
	if err := d.Create("img", 512); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), d, "img", Request{Reader: failing{errors.New("read in vain")}}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Import = %v, want %v", err, fs.ErrExist)
	}
}

func TestDescriptor(t *testing.T) {
	good := "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\nRW 100 SPARSE \"a.vmdk\"\n"
	for _, c := range []struct {
		from, to string
		want     error
	}{
		{"", "", nil},
		{"RW 100 SPARSE \"a.vmdk\"", "RW 100 FLAT \"/etc/shadow\" 0", ErrHostile},
		{"RW 100", "RW 100 SPARSE \"b\"\nRW 100", ErrHostile},
		{"parentCID=ffffffff", "parentCID=1", ErrHostile},
		{"monolithicSparse", "twoGbMaxExtentSparse", ErrHostile},
		{"CID=1", "parentFileNameHint=\"/etc/shadow\"", ErrHostile},
		{"RW", "XX", ErrHostile},
	} {
		if err := checkDescriptor(strings.Replace(good, c.from, c.to, 1)); !errors.Is(err, c.want) {
			t.Errorf("checkDescriptor with %q = %v, want %v", c.to, err, c.want)
		}
	}
}

func TestVMDKWithOtherFiles(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"%s\" 0\n",
		secret)
	refused(t, Request{Reader: strings.NewReader(text + strings.Repeat("\n", 1024))}, ErrHostile)
}

func TestQcow2WithBackingFile(t *testing.T) {
	dir := t.TempDir()
	raw, out := filepath.Join(dir, "raw"), filepath.Join(dir, "out")
	if err := os.WriteFile(raw, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "qemu-img", "create", "-f", "qcow2", "-b", raw, "-F", "raw", out)
	refused(t, Request{Path: out}, ErrHostile)
	tool(t, "qemu-img", "create", "-f", "qcow2", "-o", "data_file="+filepath.Join(dir, "data"), out+"2", "1M")
	refused(t, Request{Path: out + "2"}, ErrHostile)
}

// Without qemu-img the error says what to install. A vhdx file that was closed needs it not.
func TestWithoutQemu(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.vhdx")
	tool(t, "qemu-img", "create", "-q", "-f", "vhdx", path, "1M")
	t.Setenv("PATH", t.TempDir())
	refused(t, Request{Reader: strings.NewReader(strings.Repeat("\x00", 0x40) + "\x7f\x10\xda\xbe" + strings.Repeat("x", 4096))},
		ErrUnsupported)
	if res, err := Import(t.Context(), open(t), "img", Request{Path: path}); err != nil || res.Size != 1<<20 {
		t.Errorf("a closed vhdx = %+v, %v", res, err)
	}
}
