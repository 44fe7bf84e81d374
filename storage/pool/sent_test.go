package pool

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// ways are how the bytes of an image arrive; each returns the image, active.
var ways = map[string]func(t *testing.T, p *Pool, dir, format string, file []byte) *baremetal.Image{
	"upload": func(t *testing.T, p *Pool, _, format string, file []byte) *baremetal.Image {
		i := queued(t, p, format)
		check(t, p.Upload(t.Context(), i.UUID, bytes.NewReader(file), int64(len(file)), ""))
		return i
	},
	"upload without a format": func(t *testing.T, p *Pool, _, _ string, file []byte) *baremetal.Image {
		i := queued(t, p, "")
		check(t, p.Upload(t.Context(), i.UUID, bytes.NewReader(file), 0, ""))
		return i
	},
	"upload after one that broke off": func(t *testing.T, p *Pool, _, format string, file []byte) *baremetal.Image {
		i := queued(t, p, format)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Upload(ctx, i.UUID, bytes.NewReader(file), 0, ""); err == nil {
			t.Fatal("Upload by a client that has gone = nil")
		}
		check(t, p.Upload(t.Context(), i.UUID, bytes.NewReader(file), 0, ""))
		return i
	},
	"stage and import": func(t *testing.T, p *Pool, _, format string, file []byte) *baremetal.Image {
		i := queued(t, p, format)
		if err := p.Release(t.Context(), i.UUID); !errors.Is(err, baremetal.ErrConflict) {
			t.Errorf("import of what was not staged = %v, want ErrConflict", err)
		}
		check(t, p.Stage(t.Context(), i.UUID, bytes.NewReader(file), 0))
		check(t, p.Recover(t.Context())) // a restart keeps what is staged
		if _, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID}); err == nil {
			t.Error("a volume of an image that is only staged was made")
		}
		check(t, p.Release(t.Context(), i.UUID))
		return i
	},
	"import from the web": func(t *testing.T, p *Pool, _, format string, file []byte) *baremetal.Image {
		i := queued(t, p, format)
		check(t, p.Import(t.Context(), i.UUID, serve(t, file), ""))
		p.wait.Wait()
		return i
	},
	"image_source of a deployment": func(t *testing.T, p *Pool, _, _ string, file []byte) *baremetal.Image {
		i, err := p.ImportSource(t.Context(), baremetal.ImageSource{URL: serve(t, file), Checksum: sha512Of(file)}, nil)
		check(t, err)
		return i
	},
	"image_source of a file": func(t *testing.T, p *Pool, dir, _ string, file []byte) *baremetal.Image {
		path := filepath.Join(dir, "image")
		check(t, os.WriteFile(path, file, 0o600))
		i, err := p.ImportSource(t.Context(), baremetal.ImageSource{URL: "file://" + path, Checksum: sha512Of(file)}, nil)
		check(t, err)
		return i
	},
}

func sha512Of(file []byte) string { return fmt.Sprintf("sha512:%x", sha512.Sum512(file)) }

func queued(t *testing.T, p *Pool, format string) *baremetal.Image {
	t.Helper()
	i := &baremetal.Image{DiskFormat: format, ContainerFormat: "bare", Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), i))
	return i
}

func serve(t *testing.T, file []byte) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(file) }))
	t.Cleanup(s.Close)
	return s.URL
}

// forms are files by what they are, with the disk_format that they have.
func forms(t *testing.T, p *Pool) map[string]struct {
	format string
	file   []byte
} {
	t.Helper()
	var qcow2, zipped, packed bytes.Buffer
	whole, err := p.Image(t.Context(), golden(t, p).UUID)
	check(t, err)
	raw := content(t, p, whole)
	check(t, p.volumes.Create("plain", 1<<20))
	check(t, p.volumes.Export(t.Context(), "plain", volume.Qcow2, &qcow2, nil))
	z := gzip.NewWriter(&zipped)
	_, err = z.Write(raw)
	check(t, errors.Join(err, z.Close()))
	a := tar.NewWriter(&packed)
	check(t, a.WriteHeader(&tar.Header{Name: "disk.raw", Size: int64(len(raw)), Mode: 0o600}))
	_, err = a.Write(raw)
	check(t, errors.Join(err, a.Close()))
	return map[string]struct {
		format string
		file   []byte
	}{
		"raw": {"raw", raw}, "raw within a block": {"raw", raw[:12345]}, "qcow2": {"qcow2", qcow2.Bytes()}, "gzip": {"raw", zipped.Bytes()},
		"gzip with a signature": {"raw", append(bytes.Clone(zipped.Bytes()), "signed"...)}, "tar": {"raw", packed.Bytes()},
	}
}

// TestAnImageIsWhatWasSent: however the file of an image arrives, the image has its format,
// size and checksums, and a download gives it back; nothing is left when it is deleted.
func TestAnImageIsWhatWasSent(t *testing.T) {
	p, dir := newPool(t), t.TempDir()
	p.files = dir
	for name, form := range forms(t, p) {
		for way, send := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				i, err := p.Image(t.Context(), send(t, p, dir, form.format, form.file).UUID)
				check(t, err)
				short, long := md5.Sum(form.file), sha512.Sum512(form.file)
				if i.Status != baremetal.ImageActive || i.DiskFormat != form.format || i.Size != int64(len(form.file)) ||
					i.Checksum != hex.EncodeToString(short[:]) || i.HashValue != hex.EncodeToString(long[:]) {
					t.Errorf("sent %s, %d bytes, %x; the image is %+v", form.format, len(form.file), short, i)
				}
				if got := content(t, p, i); !bytes.Equal(got, form.file) {
					t.Errorf("sent %d bytes and got %d others back", len(form.file), len(got))
				}
				usage, err := p.volumes.Usage(i.UUID)
				check(t, err)
				if original, err := p.volumes.Original(i.UUID); errors.Is(err, fs.ErrNotExist) != (name == "raw" || name == "raw within a block") {
					t.Errorf("original: %v", err)
				} else if err == nil {
					check(t, original.Close())
				}
				if usage.Own == 0 {
					t.Errorf("usage %+v, want some of its own", usage)
				}
				check(t, p.DeleteImage(t.Context(), i.UUID))
				if _, err := p.volumes.Original(i.UUID); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("original of a deleted image: %v, want none", err)
				}
			})
		}
	}
}

// TestADeactivatedImage is not used until it is active again.
func TestADeactivatedImage(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	for range 2 { // a second time changes nothing
		check(t, p.Deactivate(t.Context(), i.UUID))
	}
	if _, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID}); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("a volume of a deactivated image: %v, want ErrInvalid", err)
	}
	check(t, p.Reactivate(t.Context(), i.UUID))
	_, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID})
	check(t, err)
	if err := p.Deactivate(t.Context(), queued(t, p, "raw").UUID); !errors.Is(err, baremetal.ErrForbidden) {
		t.Errorf("Deactivate(queued) = %v, want ErrForbidden", err)
	}
}

// reads has a node deployed that reads what a name or UUID stands for.
func reads(t *testing.T, p *Pool, ident string) {
	t.Helper()
	check(t, p.store.Update(t.Context(), func(tx *store.Tx) error {
		n := &baremetal.Node{UUID: "11111111-2222-4333-8444-555555555555", ProvisionState: baremetal.Active,
			Interfaces: baremetal.Interfaces{"storage": "iscsi"}}
		return errors.Join(tx.Nodes().Insert(n),
			tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t", NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: ident}))
	}))
}

// TestAnImageInUseIsNotDeactivated: a deployed node boots from it.
func TestAnImageInUseIsNotDeactivated(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	reads(t, p, i.UUID)
	if err := p.Deactivate(t.Context(), i.UUID); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("Deactivate(in use) = %v, want ErrConflict", err)
	}
}

// TestTheNameOfAnImageInUseStays: a deployed node finds its image by it, at every boot.
func TestTheNameOfAnImageInUseStays(t *testing.T) {
	p := newPool(t)
	i, other := golden(t, p), queued(t, p, "raw")
	v, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	reads(t, p, i.Name)
	rename := func(uuid, to string) error {
		_, err := p.UpdateImage(t.Context(), uuid, func(i *baremetal.Image) error {
			i.Name = to
			return nil
		})
		return err
	}
	_, promoted := p.Promote(t.Context(), v.UUID, Promotion{Name: i.Name})
	for what, err := range map[string]error{
		"it gets another name":      rename(i.UUID, "silver"),
		"another gets its name":     rename(other.UUID, i.Name),
		"one is made of that name":  p.CreateImage(t.Context(), &baremetal.Image{Name: i.Name, Visibility: "shared"}),
		"a volume becomes a second": promoted,
	} {
		if !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), "finds its volume by the name golden") {
			t.Errorf("%s: %v, want ErrConflict with the reason", what, err)
		}
	}
	check(t, rename(other.UUID, "silver"))
	check(t, rename(i.UUID, i.Name))
}

// TestHalfStagedIsNotImported: not while the bytes arrive, and not after a crash.
func TestHalfStagedIsNotImported(t *testing.T) {
	p := newPool(t)
	i := queued(t, p, "raw")
	_, err := p.UpdateImage(t.Context(), i.UUID, func(i *baremetal.Image) error {
		i.Status = baremetal.ImageStaged
		return nil
	})
	check(t, err)
	if err := p.Release(t.Context(), i.UUID); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("Release(half staged) = %v, want ErrConflict", err)
	}
	check(t, p.Recover(t.Context()))
	if i, err = p.Image(t.Context(), i.UUID); err != nil || i.Status != baremetal.ImageKilled {
		t.Errorf("after a crash the image is %+v, %v; want it killed", i, err)
	}
}

// TestWhatIsStagedCanBeForgotten and sent anew.
func TestWhatIsStagedCanBeForgotten(t *testing.T) {
	p := newPool(t)
	i := queued(t, p, "raw")
	for range 2 {
		check(t, p.Stage(t.Context(), i.UUID, bytes.NewReader(make([]byte, 4096)), 0))
		check(t, p.Unstage(t.Context(), i.UUID))
	}
	if err := p.Unstage(t.Context(), i.UUID); !errors.Is(err, baremetal.ErrConflict) || p.there(i.UUID) {
		t.Errorf("Unstage(queued) = %v, want ErrConflict and no bytes", err)
	}
}

// TestAHintStays: an image that machines cannot boot from is active, and says why not.
func TestAHintStays(t *testing.T) {
	p := newPool(t)
	disk := make([]byte, 1<<20)
	copy(disk[4096:], "EFI PART") // where the table of a disk with sectors of 4096 bytes begins
	for hint, file := range map[string][]byte{"4096": disk, "": make([]byte, 1<<20)} {
		i := queued(t, p, "raw")
		check(t, p.Upload(t.Context(), i.UUID, bytes.NewReader(file), 0, ""))
		i, err := p.Image(t.Context(), i.UUID)
		check(t, err)
		if i.Status != baremetal.ImageActive || !strings.Contains(i.Message, hint) || hint == "" && i.Message != "" {
			t.Errorf("the image is %s: %q, want a hint with %q", i.Status, i.Message, hint)
		}
	}
}
