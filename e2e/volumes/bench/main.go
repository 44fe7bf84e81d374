// Command bench measures volumes. What an overlay costs is measured where machines feel
// it, over iSCSI: a raw volume and an overlay by turns, so that what else the machine
// does falls on both, and the median of the ratios of such pairs counts. The clients are
// libiscsi's iscsi-perf for reads and qemu-img bench for writes. What cloning, resetting
// and the like take is measured on the disk that holds the scratch folder.
//
//	go run ./e2e/volumes/bench [-rounds 5] [-seconds 2] [-write FILE]
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

	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(bench)) }

func bench() int {
	rounds := flag.Int("rounds", 5, "pairs of runs of each workload")
	seconds := flag.Int("seconds", 2, "length of a run")
	write := flag.String("write", "docs/benchmarks.md", "Markdown file in the repository whose section on volumes to replace; empty for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *rounds, time.Duration(*seconds)*time.Second, *write); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs everything and writes the section.
func measure(ctx context.Context, rounds int, length time.Duration, write string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", host())
	if err := operations(ctx, &text); err != nil {
		return err
	}
	if err := overlays(ctx, rounds, length, &text); err != nil {
		return err
	}
	fmt.Print(text.String())
	if write == "" {
		return nil
	}
	return section.Replace(filepath.Join(root, write), "Volumes", "bench-volumes", text.String())
}

// host describes the machine that the figures are of.
func host() string {
	return fmt.Sprintf("%s, %d CPUs, load %s; %s.", section.Processor(), runtime.NumCPU(), section.Load(), time.Now().UTC().Format(time.DateOnly))
}
