package before

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	pairs := func(ratios ...float64) (w Workload) {
		w.Name = "w"
		for _, r := range ratios {
			w.Add(r*200, 200)
		}
		return w
	}
	for _, test := range []struct {
		name string
		all  []Workload
		slow bool
	}{
		{"as fast", []Workload{pairs(1, 1, 1)}, false},
		{"faster", []Workload{pairs(3)}, false},
		{"within the margin", []Workload{pairs(0.91)}, false},
		{"slower", []Workload{pairs(0.89)}, true},
		{"one bad pair is noise", []Workload{pairs(0.2, 0.97, 1.1)}, false},
		{"one good pair is noise", []Workload{pairs(0.8, 0.8, 5)}, true},
		{"the ratio of medians would pass", []Workload{{Name: "w", Now: []float64{80, 100, 125}, Before: []float64{100, 125, 80}}}, true},
		{"one workload of many", []Workload{pairs(1), pairs(0.5), pairs(1)}, true},
		{"no figure", []Workload{pairs(math.NaN())}, true},
	} {
		if got := errors.Is(Check(test.all), ErrSlower); got != test.slow {
			t.Errorf("%s: Check is ErrSlower: %v, want %v", test.name, got, test.slow)
		}
	}
	if err := Check(nil); !errors.Is(err, ErrNone) {
		t.Errorf("Check(nil) = %v, want %v", err, ErrNone)
	}
}

func TestRender(t *testing.T) {
	w := Workload{Name: "random read"}
	w.Add(90, 100)
	w.Add(100, 100)
	w.Add(120, 100)
	const want = "| random read | 100 | 100 | **1.00** | 0.90 | 3 |\n"
	if got := Render([]Workload{w}, "requests a second"); !strings.HasSuffix(got, want) {
		t.Errorf("Render = %q, want it to end in %q", got, want)
	}
}
