package modules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Always are modules that no device asks for by name. They come first: a driver of a controller then
// ends its start with the controller's disks.
var Always = []string{"efivarfs", "sd_mod", "nvme", "usb_storage"}

// Running loads the modules of the kernel that runs, which are below /lib/modules.
func Running() (*Loader, error) {
	var release unix.Utsname
	if err := unix.Uname(&release); err != nil {
		return nil, err
	}
	dir := os.DirFS("/lib/modules/" + unix.ByteSliceToString(release.Release[:]))
	index, err := Read(dir)
	if err != nil {
		return nil, fmt.Errorf("no drivers: %w", err)
	}
	return &Loader{Index: index, Dir: dir, Insert: insert}, nil
}

// parameters are those of modules that need some: a SCSI controller is there when its disks are.
var parameters = map[string]string{"scsi_mod.ko": "scan=sync"}

// insert gives the kernel a module. A device that is not there, of a driver without an alias,
// is no failure.
func insert(module io.Reader) error {
	f, ok := module.(*os.File)
	if !ok {
		return fmt.Errorf("not a file: %w", fs.ErrInvalid)
	}
	err := unix.FinitModule(int(f.Fd()), parameters[filepath.Base(f.Name())], 0)
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}
