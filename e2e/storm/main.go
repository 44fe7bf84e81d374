// Command storm measures what happens when the power comes back: many machines boot from
// their clones of one golden image at the same moment. Each simulated machine has a network
// device with a MAC and an address of its own and goes the whole way: DHCP with the timeouts
// of firmware, iPXE by TFTP, DHCP again, the boot script, a log-in with CHAP, reads of the
// shared image, writes of its own. The machines share the processors with the appliance.
//
//	go run ./e2e/storm [-run TEXT] [-write docs/benchmarks.md]
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

func main() { os.Exit(lab.Run(storm)) }

// limit bounds one storm, with the enrolment before it.
const limit = 15 * time.Minute

func storm() int {
	only := flag.String("run", "", "measure only storms whose name contains `TEXT`")
	write := flag.String("write", "docs/benchmarks.md", "write the table into `FILE`, below the repository; empty: print it only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *only, *write); err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		return 1
	}
	return 0
}

func measure(ctx context.Context, only, write string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	program, err := lab.Build(ctx)
	if err != nil {
		return err
	}
	restore, err := makeRoom()
	if err != nil {
		return err
	}
	defer restore()
	var all []Outcome
	for _, s := range storms {
		if !strings.Contains(s.Name, only) {
			continue
		}
		o, err := bounded(ctx, program, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		fmt.Print(o.row())
		for _, err := range o.failures() {
			fmt.Println("  failed:", err)
		}
		curve := filepath.Join(root, "build", "storm-"+strings.Map(word, s.Name)+".csv")
		if err := os.WriteFile(curve, []byte(o.curve()), 0o644); err != nil {
			return err
		}
		all = append(all, o)
	}
	if write == "" || only != "" {
		return nil
	}
	return section.Replace(filepath.Join(root, write), "Boot storm", "bench-storm", render(all))
}

func bounded(ctx context.Context, program string, s Storm) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return run(ctx, program, s)
}

// word keeps what may stand in a file name.
func word(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

func render(all []Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, load %s before; %s. The simulated machines use the same processors. "+
		"64 MiB read of the shared image, 16 MiB written and flushed\n(\"in brief\": 4 and 1 MiB); "+
		"a storm at random reads 16 MiB of a 9 GB image in 4 KiB pieces. Room for neighbours as in packaging/60-ironhook.conf.\n"+
		"Times in seconds from power-on; curves in build/storm-*.csv.\n\n",
		section.Processor(), runtime.NumCPU(), section.Load(), time.Now().UTC().Format(time.DateOnly))
	b.WriteString("| storm | failed | logged in p50 | p99 | all read | last done | log-in p99, ms | appliance CPU, s | machines CPU, s | " +
		"memory, MiB | API p99, ms | slowest |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n")
	for _, o := range all {
		b.WriteString(o.row())
	}
	return b.String()
}

// row is one line of the table.
func (o Outcome) row() string {
	return fmt.Sprintf("| %s | %d | %.1f | %.1f | %.1f | %.1f | %d | %.1f | %.1f | %.0f | %.0f | %s |\n", o.Storm.Name, len(o.failures()),
		o.at(stepLogin, .5).Seconds(), o.at(stepLogin, .99).Seconds(), o.at(stepRead, 1).Seconds(), o.Took.Seconds(),
		o.login().Milliseconds(), o.Seen.CPU.Seconds(), o.CPU.Seconds(), o.Seen.Memory, float64(o.Seen.API.Microseconds())/1000, o.slowest())
}
