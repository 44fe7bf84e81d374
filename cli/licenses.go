package cli

import (
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"
)

func licensesCommand(legal fs.FS) *cobra.Command {
	return &cobra.Command{
		Use:   "licenses",
		Short: "Print the licence of Ironhook and those of all that is in it",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return printLicenses(c.OutOrStdout(), legal) },
	}
}

// printLicenses prints NOTICE, which is the table of contents, then every text.
func printLicenses(out io.Writer, legal fs.FS) error {
	notice, err := fs.ReadFile(legal, "NOTICE")
	if err == nil {
		_, err = out.Write(notice)
	}
	if err != nil {
		return fmt.Errorf("print NOTICE: %w", err)
	}
	return fs.WalkDir(legal, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == "NOTICE" {
			return err
		}
		text, err := fs.ReadFile(legal, path)
		if err == nil {
			_, err = fmt.Fprintf(out, "\n======== %s\n\n%s", path, text)
		}
		return err
	})
}
