package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"ironhook/block"
	"ironhook/block/filedisk"
	"ironhook/block/iscsi"
	"ironhook/block/scsi"
	"ironhook/volume/image"
)

// exportName is the target's name where none is given.
const exportName = "iqn.2026-11.io.ironhook:export"

// export is what `ironhook iscsi export` was told.
type export struct {
	listen, iqn            string
	chap, mutual           string // USER:FILE
	readOnly, writeThrough bool
	raw                    bool // serve files that look like something else, too
	files                  []string
}

func iscsiCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "iscsi", Short: "Serve disks over iSCSI without the rest"}
	cmd.AddCommand(exportCommand())
	return cmd
}

func exportCommand() *cobra.Command {
	var e export
	cmd := &cobra.Command{
		Use:   "export FILE...",
		Short: "Serve raw image files over iSCSI at once, without a database",
		Long: `Serves raw image files or block devices as LUN 0, 1, ... of one iSCSI target, until
interrupted. Prints the URL of each on a line of its own once it can be reached.
Persistent reservations that an initiator wants kept are in FILE.reservations.`,
		Example: "  ironhook iscsi export --listen 127.0.0.1:3260 disk.raw\n" +
			"  ironhook iscsi export --chap alice:secret.txt --read-only golden.raw",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			e.files = files
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return e.run(ctx, cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&e.listen, "listen", ":3260", "address to serve on, ADDR:PORT")
	f.StringVar(&e.iqn, "iqn", exportName, "name of the target")
	f.BoolVar(&e.readOnly, "read-only", false, "refuse whatever would write")
	f.BoolVar(&e.raw, "raw", false, "serve the bytes of a file as they are, though it looks like no raw disk")
	f.BoolVar(&e.writeThrough, "write-through", false, "answer every write only when it is on stable storage")
	f.StringVar(&e.chap, "chap", "", "USER:FILE: ask initiators for this name and the secret in the first line of FILE")
	f.StringVar(&e.mutual, "mutual-chap", "", "USER:FILE: prove ourselves with this name and secret to initiators that ask (needs --chap)")
	return cmd
}

func (e *export) run(ctx context.Context, cmd *cobra.Command) error {
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	if e.iqn = strings.ToLower(e.iqn); !iscsi.ValidName(e.iqn) {
		return misuse("--iqn %q: want a name of letters, digits, '.', '-' and ':', as %s", e.iqn, exportName)
	}
	if n := len(e.files); n > scsi.MaxLUNs {
		return misuse("%d files: one target serves at most %d; export the others as another, with --iqn and --listen", n, scsi.MaxLUNs)
	}
	grant, err := e.grant()
	if err != nil {
		return err
	}
	l, err := listen(ctx, "--listen", e.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	device, disks, err := e.open(log)
	defer func() {
		for _, d := range disks {
			d.Close()
		}
	}()
	if err != nil {
		return err
	}
	grant.Device = device
	for lun := range e.files {
		fmt.Fprintf(cmd.OutOrStdout(), "iscsi://%s/%s/%d\n", reachable(l.Addr()), e.iqn, lun)
	}
	if err := e.target(grant, log).Serve(ctx, l); err != nil {
		return err
	}
	return syncAll(disks)
}

// target lets everybody in who can prove what the grant asks for.
func (e *export) target(grant block.Grant, log *slog.Logger) *iscsi.Target {
	return &iscsi.Target{
		Log: log,
		Lookup: func(_ context.Context, _, target string) (block.Grant, error) {
			if target != e.iqn {
				return block.Grant{}, block.ErrNoTarget
			}
			return grant, nil
		},
		Discover: func(context.Context, string) ([]string, error) { return []string{e.iqn}, nil },
		Observe: func(ev iscsi.Event) {
			log.Info(string(ev.Kind), "initiator", ev.Initiator, "remote", ev.Remote.String(), "reason", ev.Reason)
		},
	}
}

// open opens the files as logical units of one device. The disks opened so far are
// returned with an error too.
func (e *export) open(log *slog.Logger) (*scsi.Device, []*filedisk.Disk, error) {
	var disks []*filedisk.Disk
	var units []*scsi.LUN
	for _, file := range e.files {
		if err := e.checkRaw(file); err != nil {
			return nil, disks, err
		}
		disk, err := filedisk.Open(file, e.readOnly)
		if err != nil {
			return nil, disks, misuse("%s: %w", file, err)
		}
		disks = append(disks, disk)
		unit, err := scsi.NewLUN(disk, e.options(file, disk, log))
		if err != nil {
			return nil, disks, fmt.Errorf("export %s: %w", file, err)
		}
		units = append(units, unit)
	}
	return scsi.NewDevice(e.iqn, units...), disks, nil
}

// checkRaw refuses a file that initiators would find no disk in.
func (e *export) checkRaw(file string) error {
	if e.raw {
		return nil
	}
	k, ok, err := image.SniffFile(file)
	switch {
	case err != nil:
		return misuse("%s: %w", file, err)
	case ok && k.Format != "":
		return misuse("%s is %s, and only raw disks are exported: convert it (qemu-img convert -O raw), or give --raw to serve its bytes as they are", file, k.Name)
	case ok:
		return misuse("%s is no raw disk but %s: unpack or convert it first, or give --raw to serve its bytes as they are", file, k.Name)
	}
	return nil
}

func (e *export) options(file string, disk *filedisk.Disk, log *slog.Logger) scsi.Options {
	o := scsi.Options{
		Serial: serial(file), ReadOnly: e.readOnly, WriteThrough: e.writeThrough,
		Fault: func(err error) { log.Error("disk", "file", file, "err", err) },
	}
	if kept, ok := disk.Reservations(); ok && !e.readOnly { // a golden image may lie where nobody may write
		o.Reservations = kept
	}
	return o
}

// serial is the same whenever the same file is exported, so that initiators know the
// disk again.
func serial(file string) string {
	if path, err := filepath.Abs(file); err == nil {
		file = path
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(file)))[:16]
}

func syncAll(disks []*filedisk.Disk) error {
	var all []error
	for _, d := range disks {
		all = append(all, d.Sync())
	}
	return errors.Join(all...)
}

func (e *export) grant() (g block.Grant, err error) {
	if e.chap == "" && e.mutual != "" {
		return g, misuse("--mutual-chap: needs --chap as well")
	}
	if g.User, g.Secret, err = credentials("--chap", e.chap); err != nil {
		return g, err
	}
	if g.MutualUser, g.MutualSecret, err = credentials("--mutual-chap", e.mutual); err != nil {
		return g, err
	}
	if g.Secret != "" && g.Secret == g.MutualSecret {
		return g, misuse("--mutual-chap: its secret must not be that of --chap")
	}
	return g, nil
}

// credentials reads USER:FILE, where the first line of FILE is the secret.
func credentials(option, value string) (user, secret string, err error) {
	if value == "" {
		return "", "", nil
	}
	user, file, ok := strings.Cut(value, ":")
	if !ok || user == "" || file == "" {
		return "", "", misuse("%s %q: want USER:FILE", option, value)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", misuse("%s: %w", option, err)
	}
	secret, _, _ = strings.Cut(string(text), "\n")
	if secret = strings.TrimRight(secret, "\r"); secret == "" {
		return "", "", misuse("%s: the first line of %s is empty; put the secret there", option, file)
	}
	return user, secret, nil
}

// reachable is the listener's address as an initiator on this machine can use it.
func reachable(a net.Addr) string {
	addr, err := netip.ParseAddrPort(a.String())
	if err != nil || !addr.Addr().IsUnspecified() {
		return a.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port()).String()
}
