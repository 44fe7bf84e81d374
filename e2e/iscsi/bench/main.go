// Command bench measures Ironhook's iSCSI target beside tgt. Both serve files on the
// same file system, and each workload runs on the one and on the other by turns, so
// that what else the machine does falls on both; what counts is the median of the
// ratios of such pairs. The clients are libiscsi's iscsi-perf for reads and qemu-img
// bench for writes. Digests are compared with our own initiator, since neither of these
// can do them for data.
//
//	go run ./e2e/iscsi/bench [-rounds 3] [-seconds 2] [-only NAME,...] [-write FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(bench)) }

func bench() int {
	rounds := flag.Int("rounds", 3, "pairs of runs of each workload")
	seconds := flag.Int("seconds", 2, "length of a run")
	only := flag.String("only", "", "names of workloads, separated by commas; empty: all")
	write := flag.String("write", "docs/benchmarks.md", "Markdown file in the repository whose section on iSCSI to replace; empty for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *rounds, time.Duration(*seconds)*time.Second, *only, *write); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs everything and writes the section.
func measure(ctx context.Context, rounds int, length time.Duration, only, write string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	program, err := lab.Build(ctx)
	if err != nil {
		return err
	}
	p := &peers{program: program}
	defer p.stop()
	var results []result
	for _, w := range workloads {
		if only != "" && !strings.Contains(","+only+",", ","+w.name+",") {
			continue
		}
		r, err := p.compare(ctx, w, rounds, length)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Println(r.row())
		results = append(results, r)
	}
	table := render(results, p.memory(), rounds, length)
	fmt.Print("\n", table)
	if write == "" {
		return nil
	}
	return section.Replace(filepath.Join(root, write), "iSCSI", "bench-iscsi", table)
}
