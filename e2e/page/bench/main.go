// Command bench measures the wall of 1,000 machines in a real Chromium: how soon it is seen,
// what it weighs, how late a tile is when machines change, and how fast the filter is.
//
//	go run ./e2e/page/bench [-machines 1000] [-seconds 10] [-write FILE]
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

func main() { os.Exit(lab.Run(wall)) }

func wall() int {
	machines := flag.Int("machines", 1000, "machines on the wall")
	seconds := flag.Int("seconds", 10, "time in which machines change, 20 a second")
	write := bench.Write("the page")
	return bench.Run("bench", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
		defer cancel()
		return measure(ctx, *machines, time.Duration(*seconds)*time.Second, *write)
	})
}

// figure is one row of the table.
type figure struct {
	what, measured, wanted string
	ok                     bool
}

func measure(ctx context.Context, machines int, length time.Duration, write string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	h, err := newHall(ctx, root, machines)
	if err != nil {
		return err
	}
	defer h.close()
	figures, err := h.figures(ctx, length)
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d machines, in Chromium without a window on the machine of the appliance; `make bench-page`.\n%s\n\n"+
		"| what | measured | wanted at most |\n|---|---|---|\n", machines, section.Host())
	missed := 0
	for _, f := range figures {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", f.what, f.measured, f.wanted)
		if !f.ok {
			missed++
		}
	}
	if missed > 0 {
		defer fmt.Printf("%d figures miss what is wanted\n", missed)
	}
	return bench.Publish(write, "Page", "bench-page", text.String())
}
