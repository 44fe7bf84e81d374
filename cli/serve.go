package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ironhook/appliance"
)

func serveCommand(p appliance.Program) *cobra.Command {
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
			return serve(ctx, c, p, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	addFlags(cmd)
	return cmd
}

// serve runs the appliance until ctx ends, and words the error that keeps it from starting.
func serve(ctx context.Context, c *Config, p appliance.Program, out, logs io.Writer) error {
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: c.LogLevel}))
	for _, name := range unknownVariables(os.Environ()) {
		log.Warn("there is no option of this name; ironhook serve --help lists them", "variable", name)
	}
	return explain(appliance.Run(ctx, c.Config, p, out, log))
}
