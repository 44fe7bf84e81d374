package appliance

import (
	"testing"
	"time"

	"ironhook/appliance/backup"
)

func TestDue(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	ago := func(hours ...int) (made []backup.Name) {
		for _, h := range hours {
			made = append(made, backup.Name{At: now.Add(-time.Duration(h) * time.Hour)})
		}
		return made
	}
	for name, c := range map[string]struct {
		made []backup.Name
		want time.Duration
	}{
		"none yet":                  {nil, 0},
		"one an hour ago":           {ago(50, 1), 23 * time.Hour},
		"one a day ago":             {ago(24), 0},
		"while it was switched off": {ago(72), -48 * time.Hour},
		"a clock that was wrong":    {ago(2, -1000), 22 * time.Hour},
		"only a wrong clock":        {ago(-1000), 0},
	} {
		if got := due(c.made, 24*time.Hour, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
