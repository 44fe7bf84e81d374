package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
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
	passphrase  string // file whose first line it is
	unencrypted bool
}

func backupCommand(p appliance.Program) *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Back up the appliance of this machine, running or not",
		Long: `Writes the database, the accounts, the certificates and the settings, and with --volumes all
images, volumes and snapshots, as they are at this moment, to a file. The appliance may run,
and machines may write to their volumes meanwhile.`,
		Example: "  ironhook backup --to /mnt/backups/ --volumes --passphrase-file passphrase.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.backup(ctx, p, cmd.OutOrStdout())
		},
	}
	dataFlag(cmd, &o.data)
	passphraseFlag(cmd, &o.passphrase)
	cmd.Flags().StringVar(&o.to, "to", "", "file to write, or an existing directory, in which the file is named by the time")
	cmd.Flags().BoolVar(&o.volumes, "volumes", false, "include images, volumes and snapshots")
	cmd.Flags().BoolVar(&o.unencrypted, "unencrypted", false, "do not encrypt: the file has the passwords of all BMCs in it")
	cmd.AddCommand(verifyCommand())
	return cmd
}

func verifyCommand() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Read all of a backup and say what it is, or that it is damaged",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.read(args[0], func(f io.Reader, passphrase string) error {
				info, err := backup.Verify(ctx, f, passphrase, "")
				if err == nil {
					describe(cmd.OutOrStdout(), args[0]+": whole", info)
				}
				return err
			})
		},
	}
	passphraseFlag(cmd, &o.passphrase)
	return cmd
}

func restoreCommand() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the data directory of a backup",
		Long: `Makes the data directory of a backup, on this machine or another. It must be absent or empty.
What is restored is the same appliance: machines find their disks under the same names, with
the same secrets and serial numbers. Do not let the old one run beside it.`,
		Example: "  ironhook restore --data /var/lib/ironhook --passphrase-file passphrase.txt ironhook-20261129T220000Z.backup.age",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.read(args[0], func(f io.Reader, passphrase string) error {
				info, err := appliance.Restore(ctx, f, passphrase, o.data)
				if errors.Is(err, backup.ErrNotEmpty) {
					return misuse("--data %w; a backup is restored into an empty directory", err)
				}
				if err == nil {
					describe(cmd.OutOrStdout(), o.data+": restored", info)
				}
				return err
			})
		},
	}
	dataFlag(cmd, &o.data)
	passphraseFlag(cmd, &o.passphrase)
	return cmd
}

func dataFlag(cmd *cobra.Command, data *string) {
	directory := os.Getenv("IRONHOOK_DATA")
	if directory == "" {
		directory = defaultData()
	}
	cmd.Flags().StringVar(data, "data", directory, "directory of the database and the volumes ($IRONHOOK_DATA)")
}

func passphraseFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "passphrase-file", "", "file whose first line is the passphrase of the backup")
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
	}
	path := o.to
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, backup.NameAt(time.Now(), passphrase != ""))
	}
	var partly error
	err = backup.Save(path, passphrase, func(w io.Writer) error {
		err := appliance.Backup(ctx, o.data, o.volumes, p, w)
		if errors.As(err, new(*appliance.IncompleteError)) {
			partly, err = err, nil
		}
		return err
	})
	if err != nil {
		return explain(err)
	}
	if _, err := fmt.Fprintln(out, path); err != nil {
		return err
	}
	return partly
}

// secret reads the passphrase, "" where none is named.
func (o *backupOptions) secret() (string, error) {
	if o.passphrase == "" {
		return "", nil
	}
	return firstLine("--passphrase-file", o.passphrase)
}

// read opens a backup and words what do finds wrong with it.
func (o *backupOptions) read(file string, do func(f io.Reader, passphrase string) error) error {
	passphrase, err := o.secret()
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return misuse("%w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	err = do(f, passphrase)
	switch {
	case errors.Is(err, backup.ErrPassphrase):
		return misuse("%s: %w; see --passphrase-file", file, err)
	case errors.Is(err, backup.ErrDamaged):
		return fmt.Errorf("%s: %w; use another backup", file, err)
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
	for id, why := range info.LeftOut {
		fmt.Fprintf(out, "not in it: %s: %s\n", id, why)
	}
}
