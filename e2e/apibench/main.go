// Command apibench measures Ironhook's Bare Metal API beside Debian's Ironic: the
// same requests, the same machine, one run.
//
// Ironic runs as Debian packages it, in one process (python3-ironic, the command
// "ironic"), with SQLite, without authentication, with the fake hardware type
// alone, and with the work that would disturb it (power synchronisation) switched
// off. Ironhook runs on its defaults except for --auth none. Both write durably.
//
// With -before an earlier revision of Ironhook stands in for Ironic, and the two are
// measured by turns:
//
//	go run ./e2e/apibench -before PROGRAM [-rounds 5] [-time 1s] [-only TEXT] [-write FILE]
//
// Otherwise they are measured one after the other, on the same data. What is measured
// stands in [cases]; the result is a Markdown table on standard output, and in the
// section of docs/benchmarks.md that belongs to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"ironhook/e2e/before"
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
	options := before.Flags("the API")
	rounds := flag.Int("rounds", 5, "with -before: pairs of runs of each case")
	only := flag.String("only", "", "with -before: a part of the names of the workloads to measure; empty: all")
	each := flag.Duration("time", 3*time.Second, "for one case at one number of clients")
	program := flag.String("ironhook", "", "program to measure; empty builds it from the repository")
	alone := flag.Bool("alone", false, "measure Ironhook without Ironic beside it")
	flag.Parse()
	earlier, path, err := options.Resolve()
	if err != nil {
		return err
	}
	if earlier == "" && *only != "" {
		return errors.New("-only needs -before: the table beside Ironic is whole")
	}

	dir, err := os.MkdirTemp("", "apibench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ours, err := startIronhook(ctx, filepath.Join(dir, "now"), *program)
	if err != nil {
		return err
	}
	defer ours.stop()
	if earlier != "" {
		old, err := startIronhook(ctx, filepath.Join(dir, "before"), earlier)
		if err != nil {
			return err
		}
		defer old.stop()
		pairs, err := compareBefore(ctx, ours, old, *only, *rounds, *each)
		if err != nil {
			return err
		}
		return before.Report(pairs, "API", "times a second", "bench-before-api", path)
	}
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
	if path == "" {
		return nil
	}
	return section.Replace(path, "API", "bench-api", b.String())
}
