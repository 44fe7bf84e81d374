package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"ironhook/e2e/before"
	"ironhook/e2e/lab"
	"ironhook/internal/section"
)

// result is the times of one machine, by stack.
type result [2][]time.Duration

// render makes the Markdown table: medians, extremes, and their ratio.
func render(stacks []*stack, hardware []lab.Hardware, results []result, runs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Power-on to root mounted and checked, in seconds: median (fastest to slowest) of %d boots each.\n", runs)
	fmt.Fprintf(&b, "%s The load is that at the end, of which one boot makes 1. Emulated machines (QEMU TCG, 1 CPU, 512 MiB); `go run "+
		"./e2e/boot/bench -runs %d`.\n\n",
		host(), runs)
	fmt.Fprintf(&b, "| machine | %s | %s | ratio |\n|---|---|---|---|\n", stacks[0].name, stacks[1].name)
	for i, r := range results {
		ours, theirs := section.Median(r[0]), section.Median(r[1])
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f |\n", hardware[i].Name, cell(r[0]), cell(r[1]), ours.Seconds()/theirs.Seconds())
	}
	return b.String() + note
}

// note says where the difference comes from, so that no reader takes it for more
// than it is.
const note = `
dnsmasq is set up as guides do it, with router advertisements, without which iPXE in the card would wait 13 s more. What is left
of the difference on BIOS is mostly 3 s in which iPXE waits for a ProxyDHCP offer; Ironhook tells it that none will come (DHCP option
175.176), as dnsmasq could be told to. On UEFI it is the firmware's TFTP, and iPXE's wait for Ctrl-B, which autoexec.ipxe spares.
With Secure Boot both serve an iPXE signed by the operator, whom the firmware trusts, and the disk starts with Debian's shim and GRUB. The
firmware's own initiator (own-initiator) loads nothing but the disk; both servers only tell it where that is.
`

func cell(d []time.Duration) string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", section.Median(d).Seconds(), slices.Min(d).Seconds(), slices.Max(d).Seconds())
}

// host describes the machine the figures are of.
func host() string {
	qemu, err := exec.Command("qemu-system-x86_64", "--version").Output()
	version, _, _ := strings.Cut(string(qemu), "\n")
	if err != nil {
		version = "QEMU of unknown version"
	}
	return section.Host(version)
}

// pairs returns the times as boots a minute, so that more is better.
func pairs(hardware []lab.Hardware, results []result) []before.Workload {
	all := make([]before.Workload, len(results))
	for i, r := range results {
		all[i].Name = hardware[i].Name
		for n := range r[0] {
			all[i].Add(1/r[0][n].Minutes(), 1/r[1][n].Minutes())
		}
	}
	return all
}
