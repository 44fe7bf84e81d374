package ipxe

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"debug/pe"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// SecureFolder is the folder of signed programs, as machines name it.
const SecureFolder = "secure"

// sumsFile pins the signed programs, in the format of sha256sum(1).
const sumsFile = "SHA256SUMS"

// maxSigned is the limit of the signed programs in bytes together. A shim has one megabyte, GRUB four.
const maxSigned = 64 << 20

// firstStages are the folders of signed programs, named as in the releases of the iPXE
// project, with what the firmware is to load, the best first. A shim loads the next program
// from its own folder: that of the iPXE project ipxe.efi, that of a distribution grubx64.efi.
var firstStages = map[string][]string{
	"x86_64-sb": {"shimx64.efi", "snponly.efi", "ipxe.efi", "grubx64.efi"},
	"arm64-sb":  {"shimaa64.efi", "snponly.efi", "ipxe.efi", "grubaa64.efi"},
}

// KernelShim is the name, in the folder of an architecture, of a distribution's shim that
// vouches for the kernels that iPXE starts by itself.
const KernelShim = "kernel-shim.efi"

// HasKernelShim reports whether files, as of [Signed], have one.
func HasKernelShim(files map[string][]byte) bool {
	for folder := range firstStages {
		if files[path.Join(SecureFolder, folder, KernelShim)] != nil {
			return true
		}
	}
	return false
}

// Signed reads the programs that firmware with Secure Boot starts, from the folders
// x86_64-sb and arm64-sb of dir. Each must be signed, by whomever, and have the sum that
// the file SHA256SUMS of dir pins. The names of the result begin with [SecureFolder].
//
// A shim of the iPXE project asks for ipxe.efi whatever it is to load. Where the folder has
// snponly.efi, which uses the driver of the firmware, that is what it gets.
func Signed(dir fs.FS) (map[string][]byte, error) {
	sums, err := readSums(dir)
	if err != nil {
		return nil, err
	}
	files, size := map[string][]byte{}, 0
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if firstStages[path.Dir(name)] == nil || path.Ext(name) != ".efi" {
			continue
		}
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", name, sumsFile, err)
		}
		if err := pinned(content, sums[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if size += len(content); size > maxSigned {
			return nil, fmt.Errorf("the signed programs have more than %d bytes", maxSigned)
		}
		files[path.Join(SecureFolder, name)] = content
	}
	if err := allPinned(dir, sums); err != nil {
		return nil, err
	}
	return files, usable(files)
}

// usable refuses a directory without a first stage, and replaces the ipxe.efi of a folder
// with a shim by snponly.efi.
func usable(files map[string][]byte) error {
	found := false
	for folder, names := range firstStages {
		at := path.Join(SecureFolder, folder) + "/"
		if snp, there := files[at+"snponly.efi"]; there && files[at+names[0]] != nil {
			files[at+"ipxe.efi"] = snp
		}
		found = found || slices.ContainsFunc(names, func(n string) bool { return files[at+n] != nil })
	}
	if !found {
		return fmt.Errorf("no folder x86_64-sb or arm64-sb in it has one of %s", strings.Join(firstStages["x86_64-sb"], ", "))
	}
	return nil
}

// readSums reads the pinned sums by name.
func readSums(dir fs.FS) (map[string]string, error) {
	text, err := fs.ReadFile(dir, sumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("it has no %s: compare the files with what their publisher says, then pin them with: sha256sum */*.efi > %s",
			sumsFile, sumsFile)
	}
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		sum, name, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if sum == "" {
			continue
		}
		if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size || !ok {
			return nil, fmt.Errorf("%s, line %d is no line of sha256sum", sumsFile, n)
		}
		sums[path.Clean(strings.TrimLeft(name, " *"))] = strings.ToLower(sum)
	}
	return sums, lines.Err()
}

// pinned checks that a program has the sum, and a signature.
func pinned(content []byte, sum string) error {
	if has := fmt.Sprintf("%x", sha256.Sum256(content)); has != sum {
		return fmt.Errorf("its SHA-256 is %s, and %s says %s", has, sumsFile, sum)
	}
	f, err := pe.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("it is no UEFI program: %w", err)
	}
	header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok || header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_SECURITY].Size == 0 {
		return errors.New("it is not signed")
	}
	return nil
}

// allPinned refuses a program in the folders that has no pinned sum.
func allPinned(dir fs.FS, sums map[string]string) error {
	for folder := range firstStages {
		names, err := fs.Glob(dir, folder+"/*.efi")
		if err != nil {
			return err
		}
		for _, name := range names {
			if sums[name] == "" {
				return fmt.Errorf("%s is not in %s: pin it, or take it away", name, sumsFile)
			}
		}
	}
	return nil
}

// SignedFile is the name of the signed program that the firmware is to load, "" when files,
// as of [Signed], have none for the architecture.
func (l Loader) SignedFile(files map[string][]byte) string {
	for _, name := range firstStages[l.Signed] {
		if name = path.Join(SecureFolder, l.Signed, name); files[name] != nil {
			return name
		}
	}
	return ""
}
