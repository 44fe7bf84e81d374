package ipxe

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadMissing(t *testing.T) {
	_, err := Read(fstest.MapFS{}, "snponly.efi")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "snponly.efi") {
		t.Errorf("error %v, want one that says what is missing", err)
	}
}

func TestBinariesOverride(t *testing.T) {
	mine := fstest.MapFS{"snponly.efi": {Data: []byte("mine")}}
	if b, err := Read(Binaries(mine), "snponly.efi"); err != nil || string(b) != "mine" {
		t.Errorf("Read = %q, %v, want the overriding file", b, err)
	}
	if b, err := Read(Binaries(mine), "README.md"); err != nil || !strings.Contains(string(b), "Source") {
		t.Errorf("README.md: %v, %d bytes, want the embedded one", err, len(b))
	}
}

// What is embedded is what the build takes out of the package.
func TestFilesAreOfThePackage(t *testing.T) {
	script, err := os.ReadFile("../scripts/ipxe.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Files() {
		if name != "README.md" && !Brought(name) && !strings.Contains(string(script), " "+name+" usr/") {
			t.Errorf("scripts/ipxe.sh does not take %s out of the package", name)
		}
	}
}

// broken is a folder that cannot be read.
type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestBinariesOverrideFails(t *testing.T) {
	if _, err := Read(Binaries(broken{}), "snponly.efi"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want the folder's own: falling back would boot other code than asked for", err)
	}
}

// Every binary that an architecture is given can be served.
func TestLoadersAreServed(t *testing.T) {
	served := strings.Join(Files(), " ") + " "
	for a, l := range architectures {
		if l.File != "" && !strings.Contains(served, l.File+" ") {
			t.Errorf("architecture %d gets %s, which is not in Files", a, l.File)
		}
	}
	if l := Arch(999).Loader(); l.File != "" || l.Name != "architecture 999" {
		t.Errorf("Arch(999).Loader() = %+v, want no file", l)
	}
}
