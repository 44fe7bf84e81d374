package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is the times of one machine, by stack.
type result [2][]time.Duration

// render makes the Markdown table: medians, extremes, and their ratio.
func render(stacks []*stack, results []result, runs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Power-on to root mounted and checked, in seconds: median (fastest to slowest) of %d boots each.\n", runs)
	fmt.Fprintf(&b, "%s; emulated machines (QEMU TCG, 1 CPU, 512 MiB); `go run ./e2e/boot/bench -runs %d`, %s.\n\n",
		host(), runs, time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&b, "| machine | %s | %s | ratio |\n|---|---|---|---|\n", stacks[0].name, stacks[1].name)
	for i, r := range results {
		ours, theirs := median(r[0]), median(r[1])
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f |\n", hardware[i].Name, cell(r[0]), cell(r[1]), ours.Seconds()/theirs.Seconds())
	}
	return b.String() + note
}

// note says where the difference comes from, so that nobody takes it for more
// than it is.
const note = `
dnsmasq is set up as guides do it, with router advertisements, without which iPXE in the card would wait 13 s more. What is left
of the difference on BIOS is mostly 3 s in which iPXE waits for a ProxyDHCP offer; Ironhook tells it that none will come (DHCP option
175.176), as dnsmasq could be told to. On UEFI it is the firmware's TFTP, and iPXE's wait for Ctrl-B, which autoexec.ipxe spares.
`

func cell(d []time.Duration) string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", median(d).Seconds(), slices.Min(d).Seconds(), slices.Max(d).Seconds())
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// host describes the machine the figures are of.
func host() string {
	qemu, err := exec.Command("qemu-system-x86_64", "--version").Output()
	version, _, _ := strings.Cut(string(qemu), "\n")
	if err != nil {
		version = "QEMU of unknown version"
	}
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	average, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s, %d CPUs, load average %s at the end (one boot alone makes 1), %s", model, runtime.NumCPU(), average, version)
}
