package section

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Median returns the middle of the values, or the mean of the two in the middle. There
// must be one.
func Median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// Processor names the model of this machine's processor, as Linux reports it.
func Processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// Load returns the load average of the last minute, as Linux reports it.
func Load() string {
	all, _ := os.ReadFile("/proc/loadavg")
	now, _, _ := strings.Cut(string(all), " ")
	return now
}

// Host describes the machine and the moment that figures are of: processor, load and date, and between them what else there is
// to know.
func Host(more ...string) string {
	parts := append([]string{Processor(), fmt.Sprintf("%d CPUs", runtime.NumCPU()), "load " + Load()}, more...)
	return strings.Join(parts, ", ") + "; " + time.Now().UTC().Format(time.DateOnly) + "."
}
