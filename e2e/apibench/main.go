// Command apibench measures Ironhook's Bare Metal API beside Debian's Ironic: the
// same requests, the same machine, one run.
//
// Ironic runs as Debian packages it, in one process (python3-ironic, the command
// "ironic"), with SQLite, without authentication, with the fake hardware type
// alone, and with the work that would disturb it (power synchronisation) switched
// off. Ironhook runs on its defaults but for --auth none. Both write durably.
//
// The two are measured one after the other, on the same data. What is measured
// stands in [cases]; the result is a Markdown table on standard output, and in the
// section of docs/benchmarks.md that belongs to it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"ironhook/internal/section"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "apibench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	write := flag.String("write", "docs/benchmarks.md", "Markdown file whose API section to replace; empty for none")
	each := flag.Duration("time", 3*time.Second, "for one case at one number of clients")
	program := flag.String("ironhook", "", "program to measure; empty builds it from the repository")
	alone := flag.Bool("alone", false, "measure Ironhook without Ironic beside it")
	flag.Parse()

	dir, err := os.MkdirTemp("", "apibench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ours, err := startIronhook(ctx, dir, *program)
	if err != nil {
		return err
	}
	defer ours.stop()
	theirs := &server{}
	if !*alone {
		if theirs, err = startIronic(ctx, filepath.Join(dir, "ironic")); err != nil {
			return err
		}
		defer theirs.stop()
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d processors, the load on the same machine. %s.\n\n", section.Processor(), runtime.NumCPU(), time.Now().UTC().Format("2006-01-02"))
	if err := compare(ctx, &b, ours, theirs, *each); err != nil {
		return err
	}
	if err := scale(ctx, &b, ours, *each); err != nil {
		return err
	}
	fmt.Print(b.String())
	if *write == "" {
		return nil
	}
	return section.Replace(*write, "API", "bench-api", b.String())
}
