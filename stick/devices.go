package stick

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// devices loads the drivers of what is plugged in, and tells when something changes.
type devices struct {
	events  int           // socket of the kernel's events
	changed chan struct{} // has a value when a device has come or gone since it was last read
}

// watchDevices starts with all that is there now.
func watchDevices() (*devices, error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err == nil {
		err = unix.Bind(s, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1})
	}
	if err != nil {
		return nil, fmt.Errorf("events of devices: %w", err)
	}
	d := &devices{s, make(chan struct{}, 1)}
	go d.follow()
	return d, loadDrivers(aliases("/sys/devices"))
}

// follow reads the events (Linux, lib/kobject_uevent.c): fields that end with a zero byte.
func (d *devices) follow() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := unix.Read(d.events, buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		var names []string
		if err != nil { // ENOBUFS: events were lost
			names = aliases("/sys/devices")
		}
		for field := range bytes.SplitSeq(buffer[:max(n, 0)], []byte{0}) {
			if name, ok := bytes.CutPrefix(field, []byte("MODALIAS=")); ok {
				names = append(names, string(name))
			}
		}
		_ = loadDrivers(names) // a device without a driver is no error
		select {
		case d.changed <- struct{}{}:
		default:
		}
	}
}

// aliases are the names by which the devices below root ask for their drivers.
func aliases(root string) (names []string) {
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == "modalias" && !e.IsDir() {
			if b, err := os.ReadFile(path); err == nil {
				names = append(names, strings.TrimSpace(string(b)))
			}
		}
		return nil // a device that has gone meanwhile
	})
	return names
}

// loadDrivers loads what the aliases stand for; the status says that one of them is unknown,
// which most are.
func loadDrivers(names []string) error {
	if len(names) == 0 {
		return nil
	}
	err := exec.Command("/sbin/modprobe", append([]string{"-q", "-a"}, names...)...).Run()
	if errors.As(err, new(*exec.ExitError)) {
		return nil
	}
	return err
}
