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

	"ironhook/agent"
	"ironhook/appliance"
	"ironhook/cli/client"
	"ironhook/stick"
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
// something failed, 2 when the command line or the configuration is wrong. As the first program
// of the system that machines are inspected with it is the agent, and never returns.
func Main(ctx context.Context, version Version, files Embedded, args []string) int {
	if agent.IsInit() {
		agent.Init(ctx)
	}
	if stick.Is(os.Args) {
		return stick.Main(ctx, string(version))
	}
	root := Command(version, files)
	root.SetArgs(client.Args(args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	for _, one := range apart(err) {
		fmt.Fprintln(os.Stderr, "ironhook:", client.Harmless(strings.ReplaceAll(one.Error(), "\n", "; ")))
	}
	if errors.As(err, new(usageError)) || errors.As(err, new(client.UsageError)) {
		return 2
	}
	return 1
}

// apart returns the errors that were joined, such as those of several machines: a line each.
func apart(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, one := range joined.Unwrap() {
		all = append(all, apart(one)...)
	}
	return all
}

// strict makes a wrong number of arguments a mistake of the person who typed them, with the
// way to the help, for cmd and all below it.
func strict(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil || errors.As(err, new(usageError)) || errors.As(err, new(client.UsageError)) {
				return err
			}
			return misuse("%w; see %s --help", err, cmd.CommandPath())
		}
	}
	for _, child := range cmd.Commands() {
		strict(child)
	}
}

// Command is the whole command line, for Main and for what describes it.
func Command(version Version, files Embedded) *cobra.Command {
	root := &cobra.Command{
		Use:           "ironhook",
		Short:         "Boots bare-metal machines from volumes, and speaks OpenStack's Bare Metal API",
		Version:       string(version),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return misuse("%s; see --help", plainly(err))
	})
	root.Args = cobra.ArbitraryArgs // the words of Run, not those of cobra
	root.SuggestionsMinimumDistance = 2
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return misuse("there is no command %q; did you mean %s?", args[0], strings.Join(near, " or "))
		}
		return misuse("there is no command %q; see ironhook --help", args[0])
	}
	program := appliance.Program{Version: string(version), Schema: files.Schema}
	root.AddCommand(serveCommand(program), backupCommand(program), restoreCommand(), doctorCommand(),
		configCommand(), iscsiCommand(), licensesCommand(files.Legal), manCommand())
	root.AddCommand(client.Commands(client.Config{Socket: localSocket, Getenv: os.Getenv})...)
	strict(root)
	return root
}

// plainly is an error of the parser of options without the names of Go's functions.
func plainly(err error) string {
	text, function, found := strings.Cut(err.Error(), ": strconv.")
	switch {
	case !found:
		return text
	case strings.HasPrefix(function, "ParseBool"):
		return text + ": want true or false"
	}
	return text + ": want a whole number"
}

// localSocket is where the commands look for the appliance of this machine.
func localSocket() string {
	return appliance.SocketIn(cmp.Or(os.Getenv("IRONHOOK_DATA"), defaultData()))
}
