package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPublish(t *testing.T) {
	file := filepath.Join(t.TempDir(), "figures.md")
	for _, text := range []string{"1\n", "2\n"} {
		if err := Publish(file, "Speed", "bench-speed", text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || strings.Count(string(got), "## Speed") != 1 || !strings.Contains(string(got), "\n2\n") ||
		strings.Contains(string(got), "\n1\n") {
		t.Errorf("the file is %q, %v", got, err)
	}
	if err := Publish("", "Speed", "bench-speed", "3\n"); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	for want, err := range []error{nil, errors.New("no figures")} {
		if got := Run("bench", func(context.Context) error { return err }); got != want {
			t.Errorf("%v: status %d", err, got)
		}
	}
}
