// Command bench measures how long a diskless machine takes from power-on to a
// root that is mounted over iSCSI and checked, with Ironhook and, beside it in
// the same run, with the usual set: dnsmasq, a web server and tgt. Machines, iPXE
// binaries and boot disk are the same; the two take turns, so that what else the
// host does falls on both.
//
//	go run ./e2e/boot/bench [-runs 5] [-write FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
	"ironhook/internal/section"
)

func main() { os.Exit(lab.Run(bench)) }

// hardware is what is measured: both of iPXE's ways into a BIOS machine, and a
// UEFI machine that knows nothing of iPXE.
var hardware = []lab.Hardware{
	{Name: "bios-virtio"},
	{Name: "bios-e1000", NIC: "e1000"},
	{Name: "uefi-native", Firmware: lab.UEFI, NoROM: true},
}

func bench() int {
	runs := flag.Int("runs", 5, "boots of each machine with each set of servers")
	write := flag.String("write", "docs/benchmarks.md", "Markdown file in the repository whose boot section to replace; empty for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := lab.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	table, err := measure(ctx, root, *runs)
	if err == nil {
		fmt.Print("\n", table)
		if *write != "" {
			err = section.Replace(filepath.Join(root, *write), "Boot", "bench-boot", table)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// bootLimit is the longest that one boot may take before the run is given up.
const bootLimit = 3 * time.Minute

// stack is one set of servers with its machines; boot boots one of them once.
type stack struct {
	name string
	lab  *lab.Lab
	boot func(ctx context.Context, machine int) (time.Duration, error)
}

// measure boots every machine with both stacks in turn and returns the table.
func measure(ctx context.Context, root string, runs int) (string, error) {
	img, err := image.Build(ctx, filepath.Join(root, "build", "image"))
	if err != nil {
		return "", err
	}
	var stacks []*stack
	for _, setUp := range []func(context.Context, image.Image) (*stack, error){ours, reference} {
		s, err := setUp(ctx, img)
		if s != nil {
			defer s.lab.Close()
		}
		if err != nil {
			return "", err
		}
		stacks = append(stacks, s)
	}
	results := make([]result, len(hardware))
	for machine, hw := range hardware {
		for run := range runs + 1 {
			for i, s := range stacks {
				took, err := bootOnce(ctx, s, machine)
				if err != nil {
					return "", fmt.Errorf("%s with %s: %w", hw.Name, s.name, err)
				}
				if run == 0 {
					continue // the first boot fills caches and UEFI variables
				}
				fmt.Printf("%-12s %-22s %6.2f s\n", hw.Name, s.name, took.Seconds())
				results[machine][i] = append(results[machine][i], took)
			}
		}
	}
	return render(stacks, results, runs), nil
}

func bootOnce(ctx context.Context, s *stack, machine int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	return s.boot(ctx, machine)
}

// awaitRoot waits for the n-th boot of m to have checked its root, and to be
// off again; it returns the time from power-on to the former.
func awaitRoot(ctx context.Context, m *lab.Machine, n int) (time.Duration, error) {
	boot, err := m.Boot(ctx, n)
	if err != nil {
		return 0, err
	}
	line, err := boot.Expect(ctx, "guest: root-ok")
	if err != nil {
		return 0, err
	}
	return line.At.Sub(boot.Console.Start()), boot.ExpectOff(ctx)
}
