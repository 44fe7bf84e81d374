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
	"path/filepath"
	"strings"
	"time"

	"ironhook/e2e/before"
	"ironhook/e2e/bench"
	"ironhook/internal/section"
)

func main() {
	o := options{Options: before.Flags("the API")}
	flag.IntVar(&o.rounds, "rounds", 5, "with -before: pairs of runs of each case")
	flag.StringVar(&o.only, "only", "", "with -before: a part of the names of the workloads to measure; empty: all")
	flag.DurationVar(&o.each, "time", 3*time.Second, "for one case at one number of clients")
	flag.StringVar(&o.program, "ironhook", "", "program to measure; empty builds it from the repository")
	flag.BoolVar(&o.alone, "alone", false, "measure Ironhook without Ironic beside it")
	os.Exit(bench.Run("apibench", o.run))
}

// options are those of the command line.
type options struct {
	*before.Options
	rounds  int
	only    string
	each    time.Duration
	program string
	alone   bool
}

func (o *options) run(ctx context.Context) error {
	earlier, path, err := o.Resolve()
	if err != nil {
		return err
	}
	if earlier == "" && o.only != "" {
		return errors.New("-only needs -before: the table beside Ironic is whole")
	}

	dir, err := os.MkdirTemp("", "apibench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ours, err := startIronhook(ctx, filepath.Join(dir, "now"), o.program)
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
		pairs, err := compareBefore(ctx, ours, old, o.only, o.rounds, o.each)
		if err != nil {
			return err
		}
		return before.Report(pairs, "API", "times a second", "bench-before-api", path)
	}
	theirs := &server{}
	if !o.alone {
		if theirs, err = startIronic(ctx, filepath.Join(dir, "ironic")); err != nil {
			return err
		}
		defer theirs.stop()
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%s The clients are on the same machine.\n\n", section.Host())
	if err := compare(ctx, &b, ours, theirs, o.each); err != nil {
		return err
	}
	if err := scale(ctx, &b, ours, o.each); err != nil {
		return err
	}
	return bench.Publish(path, "API", "bench-api", b.String())
}
