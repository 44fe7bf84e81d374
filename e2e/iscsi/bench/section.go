package main

import (
	"os/exec"

	"ironhook/internal/section"
)

// host describes the machine the figures are of.
func host() string {
	version, err := exec.Command("dpkg-query", "--show", "--showformat", "tgt ${Version}", "tgt").Output()
	if err != nil {
		version = []byte("tgt of unknown version")
	}
	return section.Host(string(version))
}
