package stick

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"aead.dev/minisign"
	"github.com/klauspost/compress/zstd"
)

func newKey(t testing.TB) (minisign.PublicKey, minisign.PrivateKey) {
	t.Helper()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// archiveOf makes an upgrade.
func archiveOf(t testing.TB, key minisign.PrivateKey, comment string, slot []byte) []byte {
	t.Helper()
	signed := minisign.NewReader(bytes.NewReader(slot))
	if _, err := io.Copy(io.Discard, signed); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		body []byte
	}{{signatureName, signed.SignWithComments(key, comment, "test")}, {slotName, slot}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const comment = "ironhook 1.2 " + runtime.GOARCH

func TestUnpack(t *testing.T) {
	old, oldKey := newKey(t)
	next, nextKey := newKey(t)
	_, foreign := newKey(t)
	slot := bytes.Repeat([]byte("slot"), 1000)
	good := archiveOf(t, oldKey, comment, slot)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for _, test := range []struct {
		name    string
		archive []byte
		want    bool
	}{
		{"signed with the key of today", good, true},
		{"signed with the key of tomorrow", archiveOf(t, nextKey, comment, slot), true},
		{"signed by another", archiveOf(t, foreign, comment, slot), false},
		{"a flipped bit", flipped, false},
		{"cut", good[:len(good)/2], false},
		{"empty", nil, false},
		{"for another machine", archiveOf(t, oldKey, "ironhook 1.2 riscv64", slot), false},
		{"of something else", archiveOf(t, oldKey, "timestamp:1", slot), false},
	} {
		var spool bytes.Buffer
		version, err := unpack(bytes.NewReader(test.archive), &spool, []minisign.PublicKey{old, next})
		if test.want != (err == nil) || test.want && (version != "1.2" || !bytes.Equal(spool.Bytes(), slot)) {
			t.Errorf("%s: version %q, %v", test.name, version, err)
		}
		if err != nil && !errors.Is(err, errUpgrade) && test.name != "cut" {
			t.Errorf("%s: %v is not said to be no upgrade", test.name, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	public, key := newKey(f)
	f.Add(archiveOf(f, key, comment, []byte("slot")))
	f.Add([]byte("not a tar archive"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if version, err := unpack(bytes.NewReader(b), io.Discard, []minisign.PublicKey{public}); err == nil && version != "1.2" {
			t.Errorf("version %q", version)
		}
	})
}

func TestReadKeys(t *testing.T) {
	a, _ := newKey(t)
	b, _ := newKey(t)
	keys, err := readKeys([]byte(a.String() + "\n" + b.String() + "\n"))
	if err != nil || len(keys) != 2 || !keys[1].Equal(b) {
		t.Errorf("%v, %v", keys, err)
	}
	if _, err := readKeys([]byte("x\n")); err == nil {
		t.Error("a line that is no key is taken")
	}
}

func TestWriteSlot(t *testing.T) {
	slot := bytes.Repeat([]byte("kernel and initramfs "), 200000)
	packed, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "partition")
	if err := os.WriteFile(path, make([]byte, 8*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeSlot(bytes.NewReader(packed.EncodeAll(slot, nil)), path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(got, slot) {
		t.Errorf("%d bytes are there, %v", len(got), err)
	}
	if err := compare(bytes.NewReader(slot), bytes.NewReader(slot[:len(slot)-1])); err == nil {
		t.Error("a short disk passes for a good one")
	}
	other := bytes.Clone(slot)
	other[len(other)-1]++
	if err := compare(bytes.NewReader(slot), bytes.NewReader(other)); !errors.Is(err, errUnequal) {
		t.Errorf("a disk that gives back something else: %v", err)
	}
}
