package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print a configuration file that explains every option",
		Long:  "Prints a file for ironhook serve --config: every option as a comment, with its default and its meaning.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return writeSample(cmd.OutOrStdout()) },
	}
}

// writeSample writes the table of options as TOML. The defaults are comments, so that a
// later version can change one.
func writeSample(w io.Writer) error {
	text := "# The configuration of ironhook serve. Remove the # before a line to change the option.\n" +
		"# Variables IRONHOOK_... and flags win over this file.\n"
	for _, o := range options() {
		value := strconv.Quote(o.value)
		if o.many {
			value = "[]"
		}
		if o.name == "data" { // the user's own directory is no default of others
			value = `"/var/lib/ironhook"`
		}
		text += "\n" + wrap(o.usage) + fmt.Sprintf("#%s = %s\n", o.name, value)
	}
	_, err := io.WriteString(w, text)
	return err
}

// wrap makes comments of at most 100 columns.
func wrap(text string) string {
	var out strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 100 {
			out.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return out.String() + line + "\n"
}
