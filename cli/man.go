package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"golang.org/x/sys/unix"
)

// manCommand shows the manual page of a command, which the package installs and a single
// binary brings along.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man [COMMAND]...",
		Short: "Show the manual page of a command",
		Long: "Shows the manual page of a command, such as ironhook man node deploy. Where the output is no terminal it is roff, as in " +
			"ironhook man serve | man -l -.",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return misuse("there is no command %q; see ironhook --help", args)
			}
			var page bytes.Buffer
			if err := writeMan(found, &page); err != nil {
				return err
			}
			return present(cmd, &page)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if found, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, child := range found.Commands() {
					if child.IsAvailableCommand() {
						names = append(names, child.Name())
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func writeMan(c *cobra.Command, w io.Writer) error {
	c.DisableAutoGenTag = true
	return doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "Ironhook", Manual: "Ironhook"}, w)
}

// present hands the page to man where a person reads it and man is there.
func present(cmd *cobra.Command, page io.Reader) error {
	out, isFile := cmd.OutOrStdout().(*os.File)
	program, err := exec.LookPath("man")
	if isFile && err == nil {
		if _, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS); err == nil {
			man := exec.CommandContext(cmd.Context(), program, "-l", "-")
			man.Stdin, man.Stdout, man.Stderr = page, out, cmd.ErrOrStderr()
			return man.Run()
		}
	}
	_, err = io.Copy(cmd.OutOrStdout(), page)
	return err
}
