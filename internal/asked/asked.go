// Package asked is how often a test does what can be done for hours: a few times, or as often as the environment asks.
package asked

import (
	"os"
	"strconv"
	"testing"
)

// The variables of the environment that several packages read.
const (
	KillRounds = "IRONHOOK_KILL_ROUNDS" // how often a process is killed at a random moment
	KillPoints = "IRONHOOK_KILL_POINTS" // at how many points of each operation, or "all"
)

// Number is that in a variable of the environment, or usual. What is no number, or less than 1, fails the test: it would pass
// without having done anything.
func Number(t testing.TB, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number, 1 or more", variable, text)
	}
	return n
}

// Points are some of 1 to total, spread over all: few, or as many as KillPoints asks for.
func Points(t testing.TB, total, few int) (points []int) {
	t.Helper()
	most := total
	if os.Getenv(KillPoints) != "all" {
		most = min(Number(t, KillPoints, few), total)
	}
	for i := range most {
		points = append(points, 1+i*total/most)
	}
	return points
}
