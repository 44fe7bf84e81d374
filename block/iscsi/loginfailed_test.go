package iscsi

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestFailuresAreCounted holds that a failure is shown or counted.
func TestFailuresAreCounted(t *testing.T) {
	var f failures
	var log bytes.Buffer
	shown := 0
	for range maxShown + 7 {
		if f.admit() {
			shown++
		}
	}
	f.summarize(slog.New(slog.NewTextHandler(&log, nil)))
	if shown != maxShown || !strings.Contains(log.String(), "more=7") {
		t.Errorf("%d failures shown and %q, want %d and 7 more", shown, log.String(), maxShown)
	}
	if !f.admit() {
		t.Error("nothing is shown in the next second")
	}
}
