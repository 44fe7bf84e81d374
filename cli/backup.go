package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ironhook/appliance"
	"ironhook/appliance/backup"
)

// backupOptions are the options of `ironhook backup` and `ironhook restore`.
type backupOptions struct {
	data, to    string
	volumes     bool
	incremental bool
	passphrase  string // file whose first line it is
	credentials string // file for S3-like storage
	unencrypted bool
}

func backupCommand(p appliance.Program) *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Back up the appliance of this machine, running or not",
		Long: `Writes the database, the accounts, the certificates and the settings, and with --volumes all
images, volumes and snapshots, as they are at this moment, to a file. The appliance may run,
and machines may write to their volumes meanwhile. With --incremental, layers that the backups
of the directory have already are not written again.`,
		Example: "  ironhook backup --to /mnt/backups/ --volumes --incremental --passphrase-file passphrase.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.backup(ctx, p, cmd.OutOrStdout())
		},
	}
	dataFlag(cmd, &o.data)
	o.secretFlags(cmd)
	cmd.Flags().StringVar(&o.to, "to", "",
		"file to write, or an existing directory or https://HOST/BUCKET/PREFIX/ (S3-like storage), in which the file is named by the time")
	cmd.Flags().BoolVar(&o.volumes, "volumes", false, "include images, volumes and snapshots")
	cmd.Flags().BoolVar(&o.incremental, "incremental", false, "leave out layers of volumes that the backups there have")
	cmd.Flags().BoolVar(&o.unencrypted, "unencrypted", false, "do not encrypt: the file has the passwords of all BMCs in it")
	cmd.AddCommand(verifyCommand())
	return cmd
}

func verifyCommand() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Read all of a backup and say what it is, or that it is damaged",
		Long: `Reads all of a backup, and those whose layers it needs. FILE is a file, or the URL of an object in
S3-like storage. Of a directory, or a URL that ends with a slash, every backup is read, each once.`,
		Example: "  ironhook backup verify /mnt/backups/ --passphrase-file passphrase.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.verify(ctx, args[0], cmd.OutOrStdout())
		},
	}
	o.secretFlags(cmd)
	return cmd
}

func restoreCommand() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the data directory of a backup",
		Long: `Makes the data directory of a backup, on this machine or another. It must be absent or empty.
What is restored is the same appliance: machines find their disks under the same names, with
the same secrets and serial numbers. Do not let the old one run beside it.
As root it gives what it makes to the owner of the directory.
FILE may be the URL of an object in S3-like storage.`,
		Example: "  ironhook restore --data /var/lib/ironhook --passphrase-file passphrase.txt ironhook-20261129T220000Z.backup.age",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.restore(ctx, args[0], cmd.OutOrStdout())
		},
	}
	dataFlag(cmd, &o.data)
	o.secretFlags(cmd)
	return cmd
}

func dataFlag(cmd *cobra.Command, data *string) {
	directory := os.Getenv("IRONHOOK_DATA")
	if directory == "" {
		directory = defaultData()
	}
	cmd.Flags().StringVar(data, "data", directory, "directory of the database and the volumes ($IRONHOOK_DATA)")
}

func (o *backupOptions) secretFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.passphrase, "passphrase-file", "", "file whose first line is the passphrase of the backup")
	cmd.Flags().StringVar(&o.credentials, "credentials", "", "file in the form of ~/.aws/credentials for S3-like storage")
}

func (o *backupOptions) backup(ctx context.Context, p appliance.Program, out io.Writer) error {
	passphrase, err := o.secret()
	switch {
	case err != nil:
		return err
	case o.to == "":
		return misuse("--to: give a file or a directory")
	case (passphrase == "") != o.unencrypted:
		return misuse("give either --passphrase-file, or --unencrypted: a backup has the passwords of all BMCs in it")
	case o.incremental && !o.volumes:
		return misuse("--incremental: it is layers of volumes that are left out; give --volumes too")
	}
	shelf, name, series, err := o.target(ctx, passphrase)
	if err != nil {
		return err
	}
	var partly error
	err = backup.Save(ctx, shelf, name, passphrase, func(w io.Writer) error {
		err := appliance.Backup(ctx, o.data, appliance.BackupOptions{Volumes: o.volumes, Series: series}, p, w)
		if errors.As(err, new(*appliance.IncompleteError)) {
			partly, err = err, nil
		}
		return err
	})
	if err != nil {
		return explain(err)
	}
	if _, err := fmt.Fprintln(out, shelf.Where(name)); err != nil {
		return err
	}
	return partly
}

// target is where a backup goes, and what it continues.
func (o *backupOptions) target(ctx context.Context, passphrase string) (s backup.Shelf, name string, series backup.Series, err error) {
	if s, name, err = o.place(o.to); err != nil {
		return s, name, series, err
	}
	if !backup.IsURL(o.to) {
		if _, err := os.Stat(s.Where("")); err != nil {
			return s, name, series, misuse("--to %s: %w; make the directory first", o.to, err)
		}
	}
	if o.incremental {
		if name != "" {
			return s, name, series, misuse("--incremental: --to %s: give the directory of the earlier backups", o.to)
		}
		series, err = backup.Continue(ctx, s, passphrase, time.Now(), math.MaxInt64)
		if err != nil {
			return s, name, series, fmt.Errorf("%w; without --incremental a new series begins", err)
		}
	}
	if name == "" {
		name, err = backup.Next(ctx, s, series, time.Now(), passphrase != "")
	}
	return s, name, series, err
}

// place opens where a backup is, and its name there: "" for the place of many.
func (o *backupOptions) place(where string) (s backup.Shelf, name string, err error) {
	shelf, name := backup.Split(where)
	if info, err := os.Stat(where); err == nil && info.IsDir() {
		shelf, name = where, ""
	}
	if s, err = backup.OpenShelf(shelf, o.credentials); err != nil {
		return nil, "", misuse("%w", err)
	}
	return s, name, nil
}

func (o *backupOptions) verify(ctx context.Context, where string, out io.Writer) error {
	passphrase, err := o.secret()
	if err != nil {
		return err
	}
	s, name, err := o.place(where)
	if err != nil {
		return err
	}
	names := []string{name}
	if name == "" {
		if names, err = all(ctx, s); err != nil {
			return err
		}
	}
	bad, first := 0, error(nil)
	err = backup.Verify(ctx, s, names, passphrase, "", func(name string, info backup.Info, err error) {
		if err == nil {
			describe(out, s.Where(name)+": whole", info)
			return
		}
		if bad++; first == nil {
			first = wordsFor(s.Where(name), err)
		}
		if len(names) > 1 {
			fmt.Fprintf(out, "%v\n", wordsFor(s.Where(name), err))
		}
	})
	if bad > 1 {
		return fmt.Errorf("%d of %d backups cannot be used", bad, len(names))
	}
	if first != nil {
		return first
	}
	return err
}

// all are the names of all backups of a shelf.
func all(ctx context.Context, s backup.Shelf) (names []string, err error) {
	list, err := backup.Names(ctx, s)
	for _, n := range list {
		names = append(names, n.String())
	}
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: there is no backup", s.Where(""))
	}
	return names, err
}

func (o *backupOptions) restore(ctx context.Context, where string, out io.Writer) error {
	passphrase, err := o.secret()
	if err != nil {
		return err
	}
	s, name, err := o.place(where)
	if err != nil {
		return err
	}
	if name == "" {
		return misuse("%s: give one of the backups in it", where)
	}
	info, err := appliance.Restore(ctx, s, name, passphrase, o.data)
	if errors.Is(err, backup.ErrNotEmpty) {
		return misuse("--data %w; a backup is restored into an empty directory", err)
	}
	if err != nil {
		return wordsFor(where, err)
	}
	describe(out, o.data+": restored", info)
	return nil
}

// secret reads the passphrase, "" where none is named.
func (o *backupOptions) secret() (string, error) {
	if o.passphrase == "" {
		return "", nil
	}
	return firstLine("--passphrase-file", o.passphrase)
}

// wordsFor words what is wrong with a backup.
func wordsFor(where string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return misuse("%w", err)
	case errors.Is(err, backup.ErrPassphrase):
		return misuse("%s: %w; see --passphrase-file", where, err)
	case errors.Is(err, backup.ErrDamaged):
		return fmt.Errorf("%s: %w; use another backup", where, err)
	}
	return err
}

// describe prints what a backup is.
func describe(out io.Writer, what string, info backup.Info) {
	volumes := "without volumes: put the directory volumes back yourself"
	if info.Volumes {
		volumes = "with volumes"
	}
	fmt.Fprintf(out, "%s\nmade at %s by %s, schema %d, appliance %s, %s\n",
		what, info.Created.Format(time.RFC3339), info.Program, info.Schema, info.Appliance, volumes)
	if left, in := info.Needs(); left > 0 {
		fmt.Fprintf(out, "of %d layers, %d are in %s\n", len(info.Layers), left, strings.Join(in, ", "))
	}
	for id, why := range info.LeftOut {
		fmt.Fprintf(out, "not in it: %s: %s\n", id, why)
	}
}
