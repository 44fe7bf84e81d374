package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"ironhook/internal/section"
)

// host describes the machine the figures are of.
func host() string {
	version, err := exec.Command("dpkg-query", "--show", "--showformat", "tgt ${Version}", "tgt").Output()
	if err != nil {
		version = []byte("tgt of unknown version")
	}
	return fmt.Sprintf("%s, %d CPUs, load %s, %s; %s.", section.Processor(), runtime.NumCPU(), section.Load(), version, time.Now().UTC().Format(time.DateOnly))
}
