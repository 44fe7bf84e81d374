package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func serveCommand(version Version, schema string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the appliance",
		Long: "Runs the appliance: the Bare Metal API and the pages, the iSCSI target, and on every boot interface DHCP, TFTP,\n" +
			"HTTP and iPXE. Options come from the defaults, a TOML file, IRONHOOK_ variables and flags; the later win.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse("serve takes no argument %q; see ironhook serve --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd, os.Getenv)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return serve(ctx, c, version, schema, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	addFlags(cmd)
	return cmd
}

// serve runs the appliance until ctx ends. Everything is open before anything
// serves, so that a mistake leaves nothing half started.
func serve(ctx context.Context, c *Config, version Version, schema string, out, logs io.Writer) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return misuse("--log-level: %w", err)
	}
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: level}))
	for _, name := range unknownVariables(os.Environ()) {
		log.Warn("there is no option of this name; ironhook serve --help lists them", "variable", name)
	}
	a, err := open(ctx, c, version, schema, out, log)
	if err != nil && ctx.Err() != nil {
		return nil // asked to end before it was ready
	}
	if err != nil {
		return err
	}
	defer a.close()
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range a.tasks {
		group.Go(func() error {
			if err := task.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", task.name, err)
			}
			return nil
		})
	}
	group.Go(func() error {
		_, err := fmt.Fprintln(out, "ready:", a.summary())
		return err
	})
	err = group.Wait()
	log.Info("stopped")
	return err
}
