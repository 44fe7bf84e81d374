// Package bench is what the benchmarks have in common: how they run and end, and where their figures stand.
package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

// Document has the figures of all benchmarks, in the repository.
const Document = "docs/benchmarks.md"

// Run reads the flags, does measure until it is done or the program is interrupted, and returns the exit status.
func Run(name string, measure func(context.Context) error) int {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		return 1
	}
	return 0
}

// Write defines the flag -write. What it returns is the file of the figures, empty for none.
func Write(subject string) *string {
	return flag.String("write", Document, "Markdown `file` in the repository whose section on "+subject+" to replace; empty for none")
}

// Publish prints figures, and puts them into a section of a file in the repository; with an empty file it only prints them. mark
// is the target of make that measures.
func Publish(file, title, mark, text string) error {
	fmt.Print("\n", text)
	return Keep(file, title, mark, text)
}

// Keep is Publish without printing.
func Keep(file, title, mark, text string) error {
	if file == "" {
		return nil
	}
	if !filepath.IsAbs(file) {
		root, err := lab.Root()
		if err != nil {
			return err
		}
		file = filepath.Join(root, file)
	}
	return section.Replace(file, title, mark, text)
}
