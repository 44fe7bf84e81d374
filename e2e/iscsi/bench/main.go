// Command bench measures Ironhook's iSCSI target beside tgt. Both serve files on the
// same file system, and each workload runs on the one and on the other by turns, so
// that what else the machine does falls on both; what counts is the median of the
// ratios of such pairs. The clients are libiscsi's iscsi-perf for reads and qemu-img
// bench for writes. Digests are compared with our own initiator, since neither of these
// can do them for data.
//
// With -before an earlier revision of Ironhook stands in for tgt.
//
//	go run ./e2e/iscsi/bench [-before PROGRAM] [-rounds 3] [-seconds 2] [-only NAME,...] [-write FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"ironhook/e2e/before"
	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
)

func main() { os.Exit(lab.Run(figures)) }

func figures() int {
	rounds := flag.Int("rounds", 3, "pairs of runs of each workload")
	seconds := flag.Int("seconds", 2, "length of a run")
	only := flag.String("only", "", "names of workloads, separated by commas; empty: all")
	options := before.Flags("iSCSI")
	return bench.Run("bench", func(ctx context.Context) error {
		return measure(ctx, options, *rounds, time.Duration(*seconds)*time.Second, *only)
	})
}

// measure runs everything and writes the section.
func measure(ctx context.Context, options *before.Options, rounds int, length time.Duration, only string) error {
	earlier, path, err := options.Resolve()
	if err != nil {
		return err
	}
	program, err := lab.Build(ctx)
	if err != nil {
		return err
	}
	p := &peers{program: program, before: earlier}
	defer p.stop()
	var results []result
	var pairs []before.Workload
	for _, w := range workloads {
		if only != "" && !strings.Contains(","+only+",", ","+w.name+",") {
			continue
		}
		r, err := p.compare(ctx, w, rounds, length)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		results = append(results, r)
		if earlier != "" {
			pairs = append(pairs, before.Workload{Name: w.name, Now: r.rate[1], Before: r.rate[0]})
			fmt.Println(pairs[len(pairs)-1].Row())
			continue
		}
		fmt.Println(r.row())
	}
	if len(results) == 0 {
		return before.ErrNone
	}
	if earlier != "" {
		return before.Report(pairs, "iSCSI", "requests a second", "bench-before-iscsi", path)
	}
	return bench.Publish(path, "iSCSI", "bench-iscsi", render(results, p.memory(), rounds, length))
}
