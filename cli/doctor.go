package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ironhook/appliance"
)

func doctorCommand() *cobra.Command {
	var probe bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the appliance of this machine and say what to do",
		Long: `Checks the database, the files of the volumes, exports, modes and owners of files, free space, backups, ports, the boot
interfaces, the kernel's room for neighbours and the clock, of an appliance that runs or not, and changes nothing. Give it the
options that serve has. As root it reads files as the owner of the data directory does. The status is 1 when something is wrong.`,
		Example: "  ironhook doctor --config /etc/ironhook/ironhook.toml --probe-dhcp",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd, os.Getenv)
			if err == nil && c.Data != "" {
				// The files that it names are read as the appliance reads them: with the rights of its user.
				err = appliance.AsOwner(c.Data, func() (err error) { c, err = load(cmd, os.Getenv); return err })
				if errors.Is(err, fs.ErrPermission) {
					err = misuse("%w; let the owner of the data directory read it", err)
				}
			}
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			wrong := 0
			for _, f := range appliance.Diagnose(ctx, c.Config, probe) {
				verdict := "ok   "
				if f.Bad {
					verdict, wrong = "WRONG", wrong+1
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %-14s %s\n", verdict, f.Check, f.Text)
				if f.Remedy != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "%20s -> %s\n", "", f.Remedy)
				}
			}
			if wrong > 0 {
				return fmt.Errorf("%d findings", wrong)
			}
			return nil
		},
	}
	addFlags(cmd)
	cmd.Flags().BoolVar(&probe, "probe-dhcp", false, "ask for other DHCP servers on the boot interfaces")
	return cmd
}
