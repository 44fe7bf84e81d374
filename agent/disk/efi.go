package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/unix"
)

// efiGlobal is the vendor of the boot variables (UEFI 2.10, 3.3), as efivarfs has it.
const efiGlobal = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

// immutable is Linux's flag of a file that cannot be changed (FS_IMMUTABLE_FL).
const immutable = 0x10

// entryName is the description of the boot entry, by which it is found again.
const entryName = "Ironhook instance"

// loaders are what the firmware starts from a removable disk; a deployed disk is one to it.
var loaders = map[string]string{"x86_64": `\EFI\BOOT\BOOTX64.EFI`, "aarch64": `\EFI\BOOT\BOOTAA64.EFI`}

// AddBootEntry makes the disk's EFI system partition the first boot entry of the firmware. A machine whose
// boot device the BMC sets boots that all the same. vars is the
// directory of efivarfs.
func AddBootEntry(vars string, p SystemPartition, arch string) error {
	loader := loaders[arch]
	if loader == "" {
		return fmt.Errorf("no name of a boot loader is known for %s", arch)
	}
	number, err := freeEntry(vars)
	if err != nil {
		return err
	}
	if err := setVariable(vars, fmt.Sprintf("Boot%04X", number), loadOption(p, loader)); err != nil {
		return err
	}
	order, err := variable(vars, "BootOrder")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	mine := binary.LittleEndian.AppendUint16(nil, uint16(number))
	for i := 0; i+1 < len(order); i += 2 {
		if !bytes.Equal(order[i:i+2], mine) {
			mine = append(mine, order[i:i+2]...)
		}
	}
	return setVariable(vars, "BootOrder", mine)
}

// freeEntry is the number of the entry of an earlier deployment, else the first that is free.
func freeEntry(vars string) (int, error) {
	free := -1
	for n := range 0x1000 {
		b, err := variable(vars, fmt.Sprintf("Boot%04X", n))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if free < 0 {
				free = n
			}
			if n > 0x100 {
				return free, nil
			}
		case err == nil && strings.Contains(string(b), string(wide(entryName))):
			return n, nil
		}
	}
	return free, errors.New("the firmware has no room for a boot entry")
}

// loadOption is an EFI_LOAD_OPTION (3.1.3): attributes, the length of the path, a description,
// and the path: a partition by its UUID (10.3.5.1), a file (10.3.5.4), an end.
func loadOption(p SystemPartition, loader string) []byte {
	var path []byte
	node := func(kind, sub byte, body []byte) {
		path = append(path, kind, sub)
		path = binary.LittleEndian.AppendUint16(path, uint16(4+len(body)))
		path = append(path, body...)
	}
	disk := binary.LittleEndian.AppendUint32(nil, uint32(p.Number))
	disk = binary.LittleEndian.AppendUint64(disk, p.First)
	disk = binary.LittleEndian.AppendUint64(disk, p.Blocks)
	disk = append(append(disk, p.UUID[:]...), 2, 2) // GPT, and its signature is a UUID
	node(4, 1, disk)
	node(4, 4, wide(loader))
	node(0x7f, 0xff, nil)
	b := binary.LittleEndian.AppendUint32(nil, 1) // active
	b = binary.LittleEndian.AppendUint16(b, uint16(len(path)))
	return append(append(b, wide(entryName)...), path...)
}

// wide is a text in UTF-16 with a zero at its end.
func wide(text string) (b []byte) {
	for _, c := range append(utf16.Encode([]rune(text)), 0) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

// variable is the value of a variable: its file without four bytes of attributes.
func variable(vars, name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(vars, name+efiGlobal))
	if err != nil || len(b) < 4 {
		return nil, err
	}
	return b[4:], nil
}

// setVariable writes a variable that stays, for firmware and system. Linux protects variables
// from rm: that is taken off first.
func setVariable(vars, name string, value []byte) error {
	path := filepath.Join(vars, name+efiGlobal)
	if f, err := os.Open(path); err == nil {
		if flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
			_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags&^immutable)) // or writing says why not
		}
		f.Close() //nolint:errcheck // only read
	}
	if err := os.WriteFile(path, append([]byte{7, 0, 0, 0}, value...), 0o644); err != nil {
		return fmt.Errorf("set the firmware's variable %s: %w", name, err)
	}
	return nil
}
