package asked

import (
	"fmt"
	"testing"
)

// fatal is a test that notes that it failed.
type fatal struct {
	testing.TB
	failed bool
}

func (f *fatal) Helper()               {}
func (f *fatal) Fatalf(string, ...any) { f.failed = true }

func TestNumber(t *testing.T) {
	for text, want := range map[string]int{"": 7, "1": 1, "5000": 5000} {
		t.Setenv(KillRounds, text)
		if got := Number(t, KillRounds, 7); got != want {
			t.Errorf("%s=%s: %d, want %d", KillRounds, text, got, want)
		}
	}
	for _, text := range []string{"many", "0", "-1", "3x"} {
		t.Setenv(KillRounds, text)
		f := &fatal{TB: t}
		if Number(f, KillRounds, 7); !f.failed {
			t.Errorf("%s=%s passes", KillRounds, text)
		}
	}
}

func TestPoints(t *testing.T) {
	for _, c := range []struct {
		text       string
		total, few int
		want       string
	}{
		{"", 6, 3, "[1 3 5]"}, {"", 2, 3, "[1 2]"}, {"", 0, 3, "[]"}, {"all", 4, 1, "[1 2 3 4]"}, {"2", 4, 1, "[1 3]"},
	} {
		t.Setenv(KillPoints, c.text)
		if got := fmt.Sprint(Points(t, c.total, c.few)); got != c.want {
			t.Errorf("%s=%s, %d of %d: %s, want %s", KillPoints, c.text, c.few, c.total, got, c.want)
		}
	}
}
