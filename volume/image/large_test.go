package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/volume"
)

// spent is the processor time of this process and of the programs that it has run: what takes
// so long on an idle machine takes longer on a busy one.
func spent(t *testing.T) (all time.Duration) {
	t.Helper()
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return all
}

// TestHundredGiB imports and verifies images of 100 GiB that are mostly holes: what
// is not there takes no time. Ten seconds are the most for each on an idle machine.
//
//	go test ./volume/image -v -run HundredGiB
func TestHundredGiB(t *testing.T) {
	const size, most = 100 << 30, 10 * time.Second
	dir := t.TempDir()
	for format, args := range map[Format][]string{
		Qcow2: {"-f", "qcow2"}, VHDX: {"-f", "vhdx"}, VDI: {"-f", "vdi"}, VHD: {"-f", "vpc", "-o", "force_size=on"}, VMDK: {"-f", "vmdk"},
	} {
		t.Run(string(format), func(t *testing.T) {
			path := filepath.Join(dir, string(format))
			tool(t, "qemu-img", append(append([]string{"create", "-q"}, args...), path, "100G")...)
			tool(t, "qemu-io", "-f", args[1], "-c", "write -P 1 0 1M", "-c", "write -P 2 90G 1M", path)
			d := open(t)
			began := spent(t)
			if res, err := Import(t.Context(), d, "img", Request{Path: path}); err != nil || res.Size != size {
				t.Fatalf("Import = %+v, %v, want %d bytes", res, err, int64(size))
			}
			imported := spent(t) - began
			damage, err := d.Verify(t.Context(), "img", nil)
			if err != nil || len(damage) > 0 {
				t.Errorf("Verify = %v, %v", damage, err)
			}
			verified := spent(t) - began - imported
			t.Logf("imported in %v, verified in %v", imported, verified)
			if imported > most || verified > most {
				t.Errorf("imported in %v, verified in %v, want at most %v each", imported, verified, most)
			}
		})
	}
}

// TestSaveKeepsHoles writes such an image to a file, and as qcow2, which it imports again.
func TestSaveKeepsHoles(t *testing.T) {
	d := open(t)
	if err := d.Create("large", 100<<30); err != nil {
		t.Fatal(err)
	}
	began := spent(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := d.Export(t.Context(), "large", volume.Raw, f, nil); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Export(t.Context(), "large", volume.Qcow2, &b, nil); err != nil {
		t.Fatal(err)
	}
	res, err := Import(t.Context(), d, "again", Request{Reader: &b})
	if took := spent(t) - began; err != nil || res.Size != 100<<30 || took > 10*time.Second {
		t.Errorf("saved and imported %+v in %v, %v", res, took, err)
	}
}
