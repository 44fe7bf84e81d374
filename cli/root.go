package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ironhook/appliance"
	"ironhook/cli/client"
)

// Version is the version of the program. The Makefile sets it from git in main,
// because the linker cannot set a constant.
type Version string

// Embedded is the data embedded at the root of the repository.
type Embedded struct {
	Schema string // of the database
	Legal  fs.FS  // LICENSE, NOTICE, and the texts of what NOTICE names
}

// Main runs the command line in args and returns the exit status: 0, 1 when
// something failed, 2 when the command line or the configuration is wrong.
func Main(ctx context.Context, version Version, files Embedded, args []string) int {
	root := command(version, files)
	root.SetArgs(client.Args(args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "ironhook:", strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, new(usageError)) || errors.As(err, new(client.UsageError)) {
		return 2
	}
	return 1
}

func command(version Version, files Embedded) *cobra.Command {
	root := &cobra.Command{
		Use:           "ironhook",
		Short:         "Boots bare-metal machines from volumes, and speaks OpenStack's Bare Metal API",
		Version:       string(version),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return misuse("%w; see --help", err)
	})
	root.AddCommand(serveCommand(appliance.Program{Version: string(version), Schema: files.Schema}), iscsiCommand(), licensesCommand(files.Legal))
	root.AddCommand(client.Commands(client.Config{Socket: localSocket, Getenv: os.Getenv})...)
	return root
}

// localSocket is where the commands look for the appliance of this machine.
func localSocket() string {
	return appliance.SocketIn(cmp.Or(os.Getenv("IRONHOOK_DATA"), defaultData()))
}
