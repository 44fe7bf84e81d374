// Command growth measures what operations that people repeat cost among 100, 1,000 and
// 10,000 of their kind: on a store and a directory of volumes, as the appliance has them.
//
//	go run ./e2e/growth [-most 10000] [-write FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(growth)) }

func growth() int {
	most := flag.Int("most", 10000, "of each kind in the last column; up to the limit of the pool")
	write := bench.Write("growth")
	return bench.Run("growth", func(ctx context.Context) error { return measure(ctx, *most, *write) })
}

// rounds is how often each operation is done.
const rounds = 21

// timing is how long an operation took. Other programs on the machine do not change the
// fastest of its rounds much: how it grows is told by that one.
type timing struct{ median, fastest time.Duration }

func measure(ctx context.Context, most int, write string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	h, err := open(ctx, root)
	if err != nil {
		return err
	}
	defer h.close()
	sizes := []int{most / 100, most / 10, most - 2*rounds} // room for what is made
	table := make([][]timing, len(operations))
	for _, n := range sizes {
		if err := h.fill(ctx, n); err != nil {
			return fmt.Errorf("make %d: %w", n, err)
		}
		for i, o := range operations {
			took, err := h.time(ctx, o)
			if err != nil {
				return fmt.Errorf("%s among %d: %w", o.name, n, err)
			}
			table[i] = append(table[i], took)
		}
	}
	return bench.Publish(write, "Growth", "bench-growth", render(sizes, table))
}

// time does an operation in all of its rounds.
func (h *house) time(ctx context.Context, o operation) (timing, error) {
	var all []time.Duration
	for i := range rounds {
		begun := time.Now()
		if err := o.do(ctx, h, i); err != nil {
			return timing{}, err
		}
		all = append(all, time.Since(begun))
	}
	slices.Sort(all)
	return timing{all[len(all)/2], all[0]}, nil
}

func render(sizes []int, table [][]timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Median of %d, in microseconds, with as many nodes (port, target, grant, lease) and volumes.\n\n", section.Host(),
		rounds)
	fmt.Fprintf(&b, "| operation | %d | %d | %d | last / first, of the fastest |\n|---|---:|---:|---:|---:|\n", sizes[0], sizes[1], sizes[2])
	for i, o := range operations {
		t := table[i]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.1f |\n", o.name, t[0].median.Microseconds(), t[1].median.Microseconds(),
			t[2].median.Microseconds(),
			float64(t[2].fastest)/float64(t[0].fastest))
	}
	return b.String()
}
