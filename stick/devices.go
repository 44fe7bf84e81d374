package stick

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"ironhook/agent/modules"
)

// always are the modules that no device asks for by name: the file system of the data and what it sums with, beside those of every system.
var always = append([]string{"crc32c_intel", "crc32c_generic", "ext4"}, modules.Always...)

// devices loads the drivers of what is plugged in, and says when something changes.
type devices struct {
	events  int // socket of the kernel's events
	drivers *modules.Loader
	changed chan struct{} // has a value when a device has come or gone since it was last read
	say     func(line string)
}

// watchDevices starts with all that is there now. A driver that fails is said: it is not the end of the others.
func watchDevices(say func(line string)) (*devices, error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err == nil {
		err = unix.Bind(s, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1})
	}
	if err != nil {
		return nil, fmt.Errorf("events of devices: %w", err)
	}
	drivers, err := modules.Running()
	if err != nil {
		return nil, err
	}
	d := &devices{s, drivers, make(chan struct{}, 1), say}
	d.load(always...)
	d.probe()
	go d.follow()
	return d, nil
}

// load loads modules by their names.
func (d *devices) load(names ...string) {
	if _, err := d.drivers.Load(names...); err != nil {
		d.say("drivers: " + err.Error())
	}
}

// probe loads the drivers of all devices.
func (d *devices) probe() {
	if _, err := d.drivers.Probe(os.DirFS("/sys")); err != nil {
		d.say("drivers: " + err.Error())
	}
}

// follow reads the events (Linux, lib/kobject_uevent.c): fields that end with a zero byte.
func (d *devices) follow() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := unix.Read(d.events, buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil { // ENOBUFS: events were lost
			d.probe()
		}
		for field := range bytes.SplitSeq(buffer[:max(n, 0)], []byte{0}) {
			if alias, ok := bytes.CutPrefix(field, []byte("MODALIAS=")); ok {
				d.load(d.drivers.For(string(alias))...)
			}
		}
		select {
		case d.changed <- struct{}{}:
		default:
		}
	}
}
