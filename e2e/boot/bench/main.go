// Command bench measures how long a diskless machine takes from power-on to a
// root that is mounted over iSCSI and checked, with Ironhook and, beside it in
// the same run, with the usual set: dnsmasq, a web server and tgt. Machines, iPXE
// binaries and boot disk are the same; the two take turns, so that what else the
// host does falls on both.
//
// With -before an earlier revision of Ironhook stands in for that set.
//
//	go run ./e2e/boot/bench [-before PROGRAM] [-runs 5] [-only NAME,...] [-write FILE]
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

	"ironhook/e2e/before"
	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

func main() { os.Exit(lab.Run(boots)) }

// machines is what is measured: both of iPXE's ways into a BIOS machine, a UEFI machine that
// knows nothing of iPXE, the same with Secure Boot and an iPXE that its operator has signed,
// and one that needs no iPXE, because its firmware has an iSCSI initiator.
var machines = []lab.Hardware{
	{Name: "bios-virtio"},
	{Name: "bios-e1000", NIC: "e1000"},
	{Name: "uefi-native", Firmware: lab.UEFI, NoROM: true},
	{Name: secure, Firmware: lab.UEFI, NoROM: true},
	{Name: "own-initiator", Firmware: lab.UEFI, NoROM: true, Initiator: "iqn.2026-01.test.lab:own"},
}

// secure is the machine with Secure Boot.
const secure = "secure-boot"

func boots() int {
	runs := flag.Int("runs", 5, "boots of each machine with each set of servers")
	only := flag.String("only", "", "names of machines, separated by commas; empty: all, with -before those that every revision boots")
	options := before.Flags("booting")
	return bench.Run("bench", func(ctx context.Context) error { return run(ctx, options, *only, *runs) })
}

// chosen returns the machines of those names; with none those that any revision boots, or all.
func chosen(only string, anyRevision bool) []lab.Hardware {
	return slices.DeleteFunc(slices.Clone(machines), func(hw lab.Hardware) bool {
		if only != "" {
			return !slices.Contains(strings.Split(only, ","), hw.Name)
		}
		return anyRevision && (hw.Name == secure || hw.Initiator != "")
	})
}

// run measures and writes the section.
func run(ctx context.Context, options *before.Options, only string, runs int) error {
	program, path, err := options.Resolve()
	if err != nil {
		return err
	}
	hardware := chosen(only, program != "")
	if len(hardware) == 0 {
		return before.ErrNone
	}
	other := setUp(reference)
	if program != "" {
		other = earlier(program)
	}
	keys, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(keys) //nolint:errcheck // nothing depends on it
	signed, err := sign(ctx, keys, hardware)
	if err != nil {
		return err
	}
	stacks, results, err := measure(ctx, hardware, runs, signed, ours, other)
	if err != nil {
		return err
	}
	if program != "" {
		return before.Report(pairs(hardware, results), "boot", "boots a minute", "bench-before-boot", path)
	}
	return bench.Publish(path, "Boot", "bench-boot", render(stacks, hardware, results, runs))
}

// sign makes the keys of an operator, whom the machine with Secure Boot trusts, and returns the
// directory with the iPXE that he has signed.
func sign(ctx context.Context, dir string, hardware []lab.Hardware) (string, error) {
	root, err := lab.Root()
	if err != nil {
		return "", err
	}
	signer, err := lab.NewSigner(dir)
	if err != nil {
		return "", err
	}
	for i := range hardware {
		if hardware[i].Name == secure {
			hardware[i].SecureBoot = signer
		}
	}
	return signer.Dir(ctx, map[string]string{filepath.Join("x86_64-sb", loader): filepath.Join(root, "ipxe", "bin", loader)}, nil)
}

// loader is the iPXE of UEFI machines.
const loader = "snponly.efi"

// bootLimit is the longest that one boot may take before the run is given up.
const bootLimit = 3 * time.Minute

// stack is one set of servers with its machines; boot boots one of them once.
type stack struct {
	name string
	lab  *lab.Lab
	boot func(ctx context.Context, machine int) (time.Duration, error)
}

// setUp makes a stack for the machines, with the directory of signed boot programs; one that it returns
// with an error must be closed, too.
type setUp func(ctx context.Context, img image.Image, hardware []lab.Hardware, signed string) (*stack, error)

// measure boots every machine with both stacks in turn and returns the times.
func measure(ctx context.Context, hardware []lab.Hardware, runs int, signed string, both ...setUp) ([]*stack, []result, error) {
	root, err := lab.Root()
	if err != nil {
		return nil, nil, err
	}
	img, err := image.Build(ctx, filepath.Join(root, "build", "image"))
	if err != nil {
		return nil, nil, err
	}
	var stacks []*stack
	for _, setUp := range both {
		s, err := setUp(ctx, img, hardware, signed)
		if s != nil {
			defer s.lab.Close()
		}
		if err != nil {
			return nil, nil, err
		}
		stacks = append(stacks, s)
	}
	results := make([]result, len(hardware))
	for machine, hw := range hardware {
		for run := range runs + 1 {
			for k := range stacks {
				i := (run + k) % len(stacks) // the one and the other goes first
				s := stacks[i]
				took, err := bootOnce(ctx, s, machine)
				if err != nil {
					return nil, nil, fmt.Errorf("%s with %s: %w", hw.Name, s.name, err)
				}
				if run == 0 {
					continue // the first boot fills caches and UEFI variables
				}
				fmt.Printf("%-12s %-22s %6.2f s\n", hw.Name, s.name, took.Seconds())
				results[machine][i] = append(results[machine][i], took)
			}
		}
	}
	return stacks, results, nil
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
