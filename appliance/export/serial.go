package export

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// serial is the serial number of a file's unit. It is the same whenever the machine with
// this id exports the same file, so that initiators recognize the disk, and another for every
// other: for a file of the same name on another machine, or in another container or mount.
func serial(file, machine string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	number, err := inode(path)
	if err != nil {
		return "", err
	}
	space := uuid.NewSHA1(uuid.NameSpaceOID, []byte("ironhook export on "+machine)) // initiators must not learn the id itself
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%s %d", path, number)).String(), nil
}

// machineFiles have the id of a machine (machine-id(5)).
var machineFiles = []string{"/etc/machine-id", "/var/lib/dbus/machine-id"}

// machineID is the id of this machine, or its name if it has none.
func machineID() string {
	for _, name := range machineFiles {
		if text, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(text)) != "" {
			return strings.TrimSpace(string(text))
		}
	}
	name, _ := os.Hostname()
	return cmp.Or(name, "none")
}

// keepsNumbers has the file systems where a file has the same inode number for good.
var keepsNumbers = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true,
	unix.NFS_SUPER_MAGIC: true, unix.TMPFS_MAGIC: true, unix.OVERLAYFS_SUPER_MAGIC: true, zfsMagic: true,
}

const zfsMagic = 0x2fc12fc1

// inode is the number of a file, 0 for a device and where numbers do not last.
func inode(path string) (uint64, error) {
	var info unix.Stat_t
	if err := unix.Stat(path, &info); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || !keepsNumbers[int64(fs.Type)] {
		return 0, nil
	}
	return info.Ino, nil
}
