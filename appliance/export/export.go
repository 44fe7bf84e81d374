// Package export serves disk images over iSCSI at once, without a database, for
// `ironhook iscsi export`.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"

	"ironhook/block"
	"ironhook/block/filedisk"
	"ironhook/block/iscsi"
	"ironhook/block/scsi"
	"ironhook/internal/limit"
	"ironhook/volume/image"
)

// DefaultName is a name for the target where none is given.
const DefaultName = "iqn.2026-11.io.ironhook:export"

// MaxFiles is how many files one target serves at most.
const MaxFiles = scsi.MaxLUNs

// ValidName reports whether a target may have this name (RFC 3720 section 3.2.6).
func ValidName(name string) bool { return iscsi.ValidName(name) }

// Config is one target.
type Config struct {
	Listen                   string         // ADDRESS:PORT
	Portal                   netip.AddrPort // that initiators use; port 0 is that of Listen, the zero value the address they came to
	Name                     string         // valid
	User, Secret             string         // that initiators must prove; "" for none
	MutualUser, MutualSecret string         // that the target proves in turn; "" for none
	ReadOnly, WriteThrough   bool
	Raw                      bool     // serve files that look like something else, too
	Files                    []string // raw images or block devices: LUN 0, 1, ...
}

// ListenError is an address on which the target cannot listen.
type ListenError struct{ error }

// Unwrap returns the cause.
func (e ListenError) Unwrap() error { return e.error }

// FileError is a file that cannot be served.
type FileError struct {
	File string
	Err  error
}

// Error names the file and the cause.
func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// KindError is a file in which initiators would find no disk.
type KindError struct {
	File string
	Kind string // what the file is, for a person
	Disk bool   // an image of a disk in another format than raw
}

// Error names the file and what it is.
func (e *KindError) Error() string { return e.File + " is no raw disk but " + e.Kind }

// Run serves until ctx ends, and leaves the files on stable storage. It writes to out
// the URL of each file on a line of its own once it can be reached.
func Run(ctx context.Context, c Config, out io.Writer, log *slog.Logger) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return ListenError{err}
	}
	defer l.Close()
	if c.Portal.IsValid() && c.Portal.Port() == 0 {
		c.Portal = netip.AddrPortFrom(c.Portal.Addr(), l.Addr().(*net.TCPAddr).AddrPort().Port())
	}
	device, disks, err := c.open(log)
	defer func() {
		for _, d := range disks {
			d.Close()
		}
	}()
	if err != nil {
		return err
	}
	for lun := range c.Files {
		if _, err := fmt.Fprintf(out, "iscsi://%s/%s/%d\n", c.address(l.Addr()), c.Name, lun); err != nil {
			return err
		}
	}
	if err := c.target(device, log).Serve(ctx, l); err != nil {
		return err
	}
	return syncAll(disks)
}

// target lets in every initiator that can prove what the configuration asks for.
func (c Config) target(device *scsi.Device, log *slog.Logger) *iscsi.Target {
	grant := block.Grant{Device: device, User: c.User, Secret: c.Secret, MutualUser: c.MutualUser, MutualSecret: c.MutualSecret}
	return &iscsi.Target{
		Log: log, Advertised: c.Portal, Limits: iscsi.Limits{Busy: limit.Busy()},
		Lookup: func(_ context.Context, _, target string) (block.Grant, error) {
			if target != c.Name {
				return block.Grant{}, block.ErrNoTarget
			}
			return grant, nil
		},
		Discover: func(context.Context, string) ([]string, error) { return []string{c.Name}, nil },
		Observe: func(ev iscsi.Event) {
			if ev.Kind == iscsi.LoginFailed {
				return // the target logs it itself
			}
			log.Info(string(ev.Kind), "initiator", ev.Initiator, "remote", ev.Remote.String(), "reason", ev.Reason)
		},
	}
}

// open opens the files as logical units of one device. The disks opened so far are
// returned with an error too.
func (c Config) open(log *slog.Logger) (*scsi.Device, []*filedisk.Disk, error) {
	var disks []*filedisk.Disk
	var units []*scsi.LUN
	for _, file := range c.Files {
		if err := c.checkRaw(file); err != nil {
			return nil, disks, err
		}
		disk, err := filedisk.Open(file, c.ReadOnly)
		if err != nil {
			return nil, disks, &FileError{file, err}
		}
		disks = append(disks, disk)
		hint, err := image.Hint(disk, disk.Size())
		if err != nil {
			return nil, disks, &FileError{file, err}
		}
		if hint != "" {
			log.Warn(hint, "file", file)
		}
		options, err := c.options(file, disk, log)
		if err != nil {
			return nil, disks, &FileError{file, err}
		}
		unit, err := scsi.NewLUN(disk, options)
		if err != nil {
			return nil, disks, fmt.Errorf("export %s: %w", file, err)
		}
		units = append(units, unit)
	}
	return scsi.NewDevice(c.Name, units...), disks, nil
}

// checkRaw refuses a file in which initiators would find no disk.
func (c Config) checkRaw(file string) error {
	if c.Raw {
		return nil
	}
	kind, known, err := image.SniffFile(file)
	switch {
	case err != nil:
		return &FileError{file, err}
	case known:
		return &KindError{file, kind.Name, kind.Format != ""}
	}
	return nil
}

func (c Config) options(file string, disk *filedisk.Disk, log *slog.Logger) (o scsi.Options, err error) {
	number, err := serial(file, machineID())
	if err != nil {
		return o, err
	}
	o = scsi.Options{
		Serial: number, ReadOnly: c.ReadOnly, WriteThrough: c.WriteThrough,
		Fault: func(err error) { log.Error("disk", "file", file, "err", err) },
	}
	if kept, ok := disk.Reservations(); ok && !c.ReadOnly { // the folder of a golden image may be read-only
		o.Reservations = kept
	}
	return o, nil
}

func syncAll(disks []*filedisk.Disk) error {
	var all []error
	for _, d := range disks {
		all = append(all, d.Sync())
	}
	return errors.Join(all...)
}

// address is where initiators reach the target.
func (c Config) address(listening net.Addr) string {
	if c.Portal.IsValid() {
		return c.Portal.String()
	}
	return reachable(listening)
}

// reachable is the listener's address as an initiator on this machine can use it.
func reachable(a net.Addr) string {
	addr, err := netip.ParseAddrPort(a.String())
	if err != nil || !addr.Addr().IsUnspecified() {
		return a.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port()).String()
}
