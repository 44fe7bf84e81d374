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
	"strings"
	"time"

	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(figures)) }

func figures() int {
	rounds := flag.Int("rounds", 5, "pairs of runs of each workload")
	seconds := flag.Int("seconds", 2, "length of a run")
	write := bench.Write("volumes")
	return bench.Run("bench", func(ctx context.Context) error {
		return measure(ctx, *rounds, time.Duration(*seconds)*time.Second, *write)
	})
}

// measure runs everything and writes the section.
func measure(ctx context.Context, rounds int, length time.Duration, write string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", section.Host())
	if err := operations(ctx, &text); err != nil {
		return err
	}
	if err := overlays(ctx, rounds, length, &text); err != nil {
		return err
	}
	return bench.Publish(write, "Volumes", "bench-volumes", text.String())
}
