package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"ironhook/appliance/export"
)

// exportOptions are the options of `ironhook iscsi export` as they were given.
type exportOptions struct {
	export.Config
	chap, mutual string // USER:FILE
	portal       string // ADDRESS[:PORT]
}

func iscsiCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "iscsi", Short: "Serve disks over iSCSI without the rest"}
	cmd.AddCommand(exportCommand())
	return cmd
}

func exportCommand() *cobra.Command {
	var e exportOptions
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
			e.Files = files
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return e.run(ctx, cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&e.Listen, "listen", ":3260", "address to serve on, ADDR:PORT")
	f.StringVar(&e.portal, "iscsi-portal", "",
		"ADDRESS[:PORT] that initiators are to use, where that is not the one of --listen (a port forward)")
	f.StringVar(&e.Name, "iqn", export.DefaultName, "name of the target")
	f.BoolVar(&e.ReadOnly, "read-only", false, "refuse whatever would write")
	f.BoolVar(&e.Raw, "raw", false, "serve the bytes of a file as they are, though it looks like no raw disk")
	f.BoolVar(&e.WriteThrough, "write-through", false, "answer every write only when it is on stable storage")
	f.StringVar(&e.chap, "chap", "", "USER:FILE: ask initiators for this name and the secret in the first line of FILE")
	f.StringVar(&e.mutual, "mutual-chap", "", "USER:FILE: prove ourselves with this name and secret to initiators that ask (needs --chap)")
	return cmd
}

func (e *exportOptions) run(ctx context.Context, cmd *cobra.Command) error {
	if err := e.check(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	err := export.Run(ctx, e.Config, cmd.OutOrStdout(), log)
	var listen export.ListenError
	var kind *export.KindError
	switch {
	case errors.As(err, &listen):
		return misuse("--listen %s: %s%w", e.Listen, listenRemedy(err), listen.Unwrap())
	case errors.As(err, &kind) && kind.Disk:
		return misuse("%s is %s, and only raw disks are exported: convert it (qemu-img convert -O raw), or give --raw to serve its bytes "+
			"as they are", kind.File, kind.Kind)
	case errors.As(err, &kind):
		return misuse("%s is no raw disk but %s: unpack or convert it first, or give --raw to serve its bytes as they are", kind.File, kind.Kind)
	case errors.As(err, new(*export.FileError)):
		return misuse("%w", err)
	}
	return err
}

// check completes the configuration, or refuses what cannot be served.
func (e *exportOptions) check() error {
	if e.Name = strings.ToLower(e.Name); !export.ValidName(e.Name) {
		return misuse("--iqn %q: want a name of letters, digits, '.', '-' and ':', as %s", e.Name, export.DefaultName)
	}
	if n := len(e.Files); n > export.MaxFiles {
		return misuse("%d files: one target serves at most %d; export the others as another, with --iqn and --listen", n, export.MaxFiles)
	}
	if e.portal != "" {
		var err error
		if e.Portal, err = parsePortal(e.portal); err != nil {
			return misuse("--iscsi-portal %q: %w", e.portal, err)
		}
	}
	return e.readSecrets()
}

func (e *exportOptions) readSecrets() (err error) {
	if e.chap == "" && e.mutual != "" {
		return misuse("--mutual-chap: needs --chap as well")
	}
	if e.User, e.Secret, err = credentials("--chap", e.chap); err != nil {
		return err
	}
	if e.MutualUser, e.MutualSecret, err = credentials("--mutual-chap", e.mutual); err != nil {
		return err
	}
	if e.Secret != "" && e.Secret == e.MutualSecret {
		return misuse("--mutual-chap: its secret must not be that of --chap")
	}
	return nil
}

// byteOrderMark is written before a text by editors on Windows; it is not part of the text.
const byteOrderMark = "\ufeff"

// credentials reads USER:FILE, where the first line of FILE is the secret.
func credentials(option, value string) (user, secret string, err error) {
	if value == "" {
		return "", "", nil
	}
	user, file, ok := strings.Cut(value, ":")
	if !ok || user == "" || file == "" {
		return "", "", misuse("%s %q: want USER:FILE", option, value)
	}
	secret, err = firstLine(option, file)
	return user, secret, err
}

// firstLine reads a secret: the first line of a file.
func firstLine(option, file string) (string, error) {
	secret, err := secretIn(file)
	if err != nil {
		return "", misuse("%s: %w", option, err)
	}
	return secret, nil
}

// secretIn returns the first line of a file.
func secretIn(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return "", fmt.Errorf("%s is in UTF-16, as PowerShell writes texts; save it as UTF-8", file)
	}
	secret, _, _ := strings.Cut(strings.TrimPrefix(string(text), byteOrderMark), "\n")
	if secret = strings.TrimRight(secret, "\r"); secret == "" {
		return "", fmt.Errorf("the first line of %s is empty; put the secret there", file)
	}
	return secret, nil
}
