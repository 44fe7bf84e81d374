package ipxe

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed bin
var embedded embed.FS

// files are the names that a machine or a person may ask for; nothing else in
// the folder is ever served.
var files = []string{
	"undionly.kpxe", "snponly.efi", "ipxe.efi", "ipxe-arm64.efi",
	"copyright", // licences of the binaries
	"README.md", // their exact source
}

// brought are the names of binaries that no package of Debian has: they are served if the
// operator's folder has them.
var brought = []string{"ipxe-ia32.efi", "ipxe-arm32.efi"}

// PiFolder is the folder with the firmware of Raspberry Pis, beside the binaries. None is
// embedded.
const PiFolder = "raspberrypi"

// Files returns the names of the binaries and of the files with their licence and
// source. Those that only an operator can bring may be missing.
func Files() []string { return slices.Concat(files, brought) }

// Brought reports whether a file is one that only an operator can bring.
func Brought(name string) bool { return slices.Contains(brought, name) }

// Embedded returns the binaries that this program was built with.
func Embedded() fs.FS {
	bin, err := fs.Sub(embedded, "bin")
	if err != nil {
		panic(err) // "bin" is a valid path
	}
	return bin
}

// Binaries returns the embedded binaries, overlaid with those of override.
func Binaries(override fs.FS) fs.FS { return overlay{override, Embedded()} }

type overlay struct{ upper, lower fs.FS }

// Open returns the upper file when there is one. A failure to read the upper
// folder is a failure, not a reason to fall back.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.upper.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.lower.Open(name)
	}
	return f, err
}

// Read returns the named file of bin. One that is missing is fs.ErrNotExist.
func Read(bin fs.FS, name string) ([]byte, error) {
	b, err := fs.ReadFile(bin, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("iPXE binary %s is not in this build: %w", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("iPXE binary %s: %w", name, err)
	}
	return b, nil
}
