package stick

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// volumes is where images and volumes are, on the stick or on a disk for images.
const volumes = home + "/volumes"

var errNoImages = errors.New("the disk for images is not there; plug it in")

// mountImages mounts the disk for images, if one was chosen; it waits for it, because without
// its volumes no machine could be served.
func (t *stick) mountImages(ctx context.Context, guid string) error {
	if guid == "" {
		return nil
	}
	for {
		if d, ok := findDisk(guid); ok {
			t.trouble(nil)
			var err error
			t.do(func() { err = t.mountOn(d) })
			return err
		}
		t.trouble(errNoImages)
		pause(ctx, 2*time.Second, t.devices.changed)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// mountOn mounts the only partition of a disk for images over the directory of volumes.
func (t *stick) mountOn(d disk) error {
	err := grow(d, 1)
	if err == nil {
		err = t.mend(d.partition(1), "disk for images")
	}
	if err == nil {
		err = mount(d.partition(1), volumes)
	}
	if err != nil {
		return fmt.Errorf("disk for images %s: %w", d.name, err)
	}
	_ = os.Remove(filepath.Join(volumes, "lost+found")) // the checker makes it again when it needs one
	return errors.Join(os.Chown(volumes, user, user), os.Chmod(volumes, 0o700))
}

// askDisk lets a person choose a disk for images. All that is on it goes, and never without
// its name typed.
func (t *stick) askDisk() {
	if t.settings.Images != "" {
		t.console.ask("A disk for images is in use already. Enter:")
		return
	}
	if used(volumes) {
		t.console.ask("There are images or volumes on the stick: back them up, delete them, then choose a disk. Enter:")
		return
	}
	list, err := disks()
	t.trouble(err)
	var titles []string
	for _, d := range list {
		if d != t.disk {
			titles = append(titles, d.title())
		}
	}
	if len(titles) == 0 {
		t.console.ask("There is no other disk. Plug one in and try again. Enter:")
		return
	}
	typed := t.console.ask("%s\nALL DATA on the disk that you name IS LOST. Type its name, Enter for none:", strings.Join(titles, "\n"))
	for _, d := range list {
		if d.name == typed && d != t.disk {
			t.useDisk(d)
		}
	}
}

// used reports whether a directory has any file in it but the lock.
func used(dir string) bool {
	found := errors.New("found")
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != ".lock" {
			return found
		}
		return nil
	})
	return err == found
}

// useDisk makes a disk the one for images. The setting is kept last: until then the stick
// is as it was.
func (t *stick) useDisk(d disk) {
	if t.server != nil {
		t.server.stop()
	}
	guid, err := prepareDisk(d)
	if err == nil {
		s := t.settings
		s.Images = guid
		t.save(s)
	}
	t.trouble(err)
	if err == nil {
		t.end(restart)
	}
}

// leastDisk is the least that a disk for images has, in bytes: the empty file system has half of it.
const leastDisk = 64 << 20

// prepareDisk puts a table with one partition on a disk, and an empty file system on that.
func prepareDisk(d disk) (guid string, err error) {
	size, err := d.size()
	if err != nil {
		return "", err
	}
	if size < leastDisk {
		return "", fmt.Errorf("disk %s: it has %d MiB, and %d are the least", d.name, size>>20, leastDisk>>20)
	}
	const start = 2048
	guid = strings.ToUpper(uuid.NewString())
	t := &gpt.Table{LogicalSectorSize: sector, PhysicalSectorSize: sector, ProtectiveMBR: true, Partitions: []*gpt.Partition{
		{Index: 1, Start: start, End: uint64(size)/sector/2048*2048 - 2049, Type: gpt.LinuxFilesystem, Name: "ironhook-images", GUID: guid},
	}}
	f, err := os.OpenFile(d.path(), os.O_RDWR|unix.O_EXCL, 0) // one that is mounted is refused
	if err != nil {
		return "", fmt.Errorf("disk %s: %w", d.name, err)
	}
	err = t.Write(f, size)
	if err == nil {
		err = unix.IoctlSetInt(int(f.Fd()), unix.BLKRRPART, 0)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("disk %s: %w", d.name, err)
	}
	return guid, format(d.partition(1))
}

// reset makes the stick as it was when new.
func (t *stick) reset() {
	if t.server != nil {
		t.server.stop()
	}
	_ = unix.Unmount(volumes, 0) // absent without a disk for images
	err := unix.Unmount(dataMount, 0)
	if err == nil || errors.Is(err, unix.EINVAL) { // not mounted: it was damaged
		err = format(t.disk.partition(dataPartition))
	}
	if err != nil {
		t.trouble(fmt.Errorf("factory reset: %w", err))
		return
	}
	t.end(restart)
}
