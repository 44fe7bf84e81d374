package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{[]time.Duration{7}, 7},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{8, 2, 4, 6}, 5},
	} {
		if got := median(test.in); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.in, got, test.want)
		}
	}
}

func TestWithSection(t *testing.T) {
	section := "## Boot\n\n" + beginMark + "new\n" + endMark
	for _, test := range []struct{ in, want string }{
		{"", section},
		{"# Benchmarks\n", "# Benchmarks\n\n" + section},
		{"a\n" + beginMark + "old\n" + endMark + "b\n", "a\n" + beginMark + "new\n" + endMark + "b\n"},
	} {
		if got := withSection(test.in, "new\n"); got != test.want {
			t.Errorf("withSection(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}
