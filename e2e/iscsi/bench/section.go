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
