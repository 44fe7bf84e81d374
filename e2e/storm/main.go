// Command storm measures what happens when the power comes back: many machines boot from
// their clones of one golden image at the same moment. Each simulated machine has a network
// device with a MAC and an address of its own and goes the whole way: DHCP with the timeouts
// of firmware, iPXE by TFTP, DHCP again, the boot script, a log-in with CHAP, reads of the
// shared image, writes of its own. The machines share the processors with the appliance.
//
//	go run ./e2e/storm [-run TEXT] [-write docs/benchmarks.md]
//	go run ./e2e/storm -soak 1h
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(storm)) }

// limit bounds one storm, with the enrolment before it.
const limit = 15 * time.Minute

func storm() int {
	only := flag.String("run", "", "measure only the storm of this name, or those whose name contains `TEXT`")
	write := bench.Write("boot storms")
	long := flag.Duration("soak", 0, "deploy, boot and undeploy machines again and again for `DURATION` instead, and see that nothing grows")
	return bench.Run("storm", func(ctx context.Context) error {
		if *long > 0 {
			return soakFor(ctx, *long)
		}
		return measure(ctx, *only, *write)
	})
}

func soakFor(ctx context.Context, long time.Duration) error {
	program, err := lab.Build(ctx)
	rounds := 0
	if err == nil {
		_, rounds, err = soak(ctx, program, churn, long, warm+1)
	}
	if err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	fmt.Printf("%d rounds of %d machines: deployed, booted, undeployed; nothing has grown\n", rounds, churn.Machines)
	return nil
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
	storms := chosen(only)
	if len(storms) == 0 {
		return fmt.Errorf("no storm has %q in its name", only)
	}
	restore, err := makeRoom()
	if err != nil {
		return err
	}
	defer restore()
	var all []Outcome
	for _, s := range storms {
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
	if write == "" {
		return nil
	}
	path := filepath.Join(root, write)
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return bench.Keep(path, "Boot storm", "bench-storm", render(rowsOf(all, string(before))))
}

// rowsOf returns the rows of the table: those of storms that were measured now, and of the others
// those that the file has.
func rowsOf(all []Outcome, file string) (rows []string) {
	for _, s := range storms {
		if i := slices.IndexFunc(all, func(o Outcome) bool { return o.Storm.Name == s.Name }); i >= 0 {
			rows = append(rows, all[i].row())
			continue
		}
		for line := range strings.Lines(file) {
			if strings.HasPrefix(line, "| "+s.Name+" | ") {
				rows = append(rows, line)
			}
		}
	}
	return rows
}

// chosen returns the storm of a name, or those whose names contain it.
func chosen(name string) (some []Storm) {
	for _, s := range storms {
		switch {
		case s.Name == name:
			return []Storm{s}
		case strings.Contains(s.Name, name):
			some = append(some, s)
		}
	}
	return some
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

func render(rows []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s The load is that at the end; the simulated machines use the same processors. "+
		"64 MiB read of the shared image, 16 MiB written and flushed\n(\"in brief\": 4 and 1 MiB), then 2,000 requests of a desktop; "+
		"a storm at random reads 16 MiB of a 9 GB image in 4 KiB pieces. Room for neighbours as in packaging/60-ironhook.conf.\n"+
		"Times in seconds from power-on; curves in build/storm-*.csv.\n\n",
		section.Host())
	b.WriteString("| storm | failed | logged in p50 | p99 | all read | all written | last done | log-in p99, ms | appliance CPU, s | " +
		"machines CPU, s | " +
		"memory, MiB | API p99, ms | slowest |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n")
	b.WriteString(strings.Join(rows, ""))
	return b.String()
}

// row is one line of the table.
func (o Outcome) row() string {
	return fmt.Sprintf("| %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %.1f | %.1f | %.0f | %.0f | %s |\n", o.Storm.Name,
		len(o.failures()),
		o.at(stepLogin, .5).Seconds(), o.at(stepLogin, .99).Seconds(), o.at(stepRead, 1).Seconds(), o.at(stepWritten, 1).Seconds(),
		o.Took.Seconds(),
		o.login().Milliseconds(), o.Seen.CPU.Seconds(), o.CPU.Seconds(), o.Seen.Memory, float64(o.Seen.API.Microseconds())/1000, o.slowest())
}
