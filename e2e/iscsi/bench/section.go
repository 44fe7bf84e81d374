package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// host describes the machine the figures are of.
func host() string {
	model := "Unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
		model, _, _ = strings.Cut(rest, "\n")
	}
	version, err := exec.Command("dpkg-query", "--show", "--showformat", "tgt ${Version}", "tgt").Output()
	if err != nil {
		version = []byte("tgt of unknown version")
	}
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%s, %d CPUs, load %s, %s; %s.", model, runtime.NumCPU(), strings.Join(strings.Fields(string(load))[:1], ""), version, time.Now().UTC().Format(time.DateOnly))
}

// The section of the document that this program writes is between these lines.
const (
	beginMark = "<!-- bench-iscsi: written by make bench-iscsi -->\n"
	endMark   = "<!-- bench-iscsi: end -->\n"
)

// replaceSection puts the table between the marks of the document, or adds a section
// when there are none.
func replaceSection(path, table string) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(path, []byte(withSection(string(old), table)), 0o644)
}

func withSection(text, table string) string {
	before, rest, found := strings.Cut(text, beginMark)
	_, after, closed := strings.Cut(rest, endMark)
	if !found || !closed {
		if text != "" {
			text = strings.TrimRight(text, "\n") + "\n\n"
		}
		before, after = text+"## iSCSI\n\n", ""
	}
	return before + beginMark + table + endMark + after
}
