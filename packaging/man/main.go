// Man writes the manual pages of all commands and the completions of the shells:
//
//	go run ./packaging/man DIR
//
// SOURCE_DATE_EPOCH dates them.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"ironhook/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	root := cli.Command("", cli.Embedded{})
	sameEverywhere(root)
	if err := os.MkdirAll(filepath.Join(dir, "man1"), 0o755); err != nil {
		return err
	}
	return errors.Join(
		doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Ironhook", Manual: "Ironhook"}, filepath.Join(dir, "man1")),
		root.GenBashCompletionFileV2(filepath.Join(dir, "ironhook.bash"), true),
		root.GenZshCompletionFile(filepath.Join(dir, "_ironhook")),
		root.GenFishCompletionFile(filepath.Join(dir, "ironhook.fish"), true),
	)
}

// sameEverywhere replaces what depends on the user who runs this.
func sameEverywhere(c *cobra.Command) {
	c.DisableAutoGenTag = true
	if f := c.Flags().Lookup("data"); f != nil {
		f.DefValue = "/var/lib/ironhook"
	}
	for _, child := range c.Commands() {
		sameEverywhere(child)
	}
}
