package main

import (
	"strings"
	"testing"
)

func TestTake(t *testing.T) {
	var out strings.Builder
	tally := newTally(&out)
	for _, line := range []string{
		`{"Action":"pass","Package":"a","Test":"T1"}`,
		`{"Action":"output","Package":"a","Test":"T2","Output":"why\n"}`,
		`{"Action":"fail","Package":"a","Test":"T2"}`,
		`{"Action":"fail","Package":"a"}`,
		`{"Action":"skip","Package":"b","Test":"T3"}`,
		`{"Action":"output","Package":"c","Test":"T4","Output":"a race\n"}`,
		`{"Action":"pass","Package":"c","Test":"T4"}`,
		`{"Action":"fail","Package":"c"}`,
		`not an event`,
	} {
		tally.take([]byte(line))
	}
	tally.expect([]string{"a", "c", "d"})
	if tally.passed != 2 || tally.failed != 1 || tally.skipped != 1 || tally.broken != 2 {
		t.Errorf("passed %d, failed %d, skipped %d, broken %d, want 2, 1, 1, 2", tally.passed, tally.failed, tally.skipped, tally.broken)
	}
	for _, want := range []string{"FAIL a T2\nwhy\n", "SKIP b T3", "FAIL c , though no test of it did\na race\n", "not an event",
		"FAIL d was not tested\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q in it", out.String(), want)
		}
	}
}
