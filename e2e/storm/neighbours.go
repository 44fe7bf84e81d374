package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// neighbours are the settings of packaging/60-ironhook.conf. They hold for all network
// namespaces together: the server's entries for the machines, and those of a foreign DHCP
// server.
var neighbours = map[string]string{"gc_thresh2": "4096", "gc_thresh3": "8192"}

// makeRoom gives the kernel room for the neighbour entries of all machines.
func makeRoom() (restore func(), err error) {
	before := map[string]string{}
	restore = func() {
		for name, value := range before {
			_ = set(name, value) // what could be changed can be changed back
		}
	}
	for name, value := range neighbours {
		old, err := os.ReadFile(sysctl(name))
		if err != nil {
			return nil, err
		}
		before[name] = strings.TrimSpace(string(old))
		if err := set(name, value); err != nil {
			restore()
			return nil, fmt.Errorf("make room for the neighbours (run as root): %w", err)
		}
	}
	return restore, nil
}

func sysctl(name string) string { return filepath.Join("/proc/sys/net/ipv4/neigh/default", name) }

func set(name, value string) error { return os.WriteFile(sysctl(name), []byte(value), 0) }
