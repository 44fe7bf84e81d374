// Package before judges this tree beside an earlier revision of itself. The benchmarks use
// it when -before names the program of that revision: both programs do the same work by
// turns, so that what else the machine does falls on both, and what counts is the median
// of the ratios of such pairs.
package before

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ironhook/e2e/bench"
	"ironhook/internal/section"
)

// Floor is the least median ratio that passes. A change should keep 0.95; the rest is a
// margin for the noise that is left in a median of a few short pairs.
const Floor = 0.90

// ErrSlower is the error of a comparison with a median below [Floor].
var ErrSlower = errors.New("slower than before")

// ErrNone is the error of a benchmark that measured nothing.
var ErrNone = errors.New("nothing was measured: -only names no workload")

// Workload is what the two programs did by turns: the n-th reading of the one and of the
// other are a pair. The unit is one of which more is better, such as requests a second.
type Workload struct {
	Name        string
	Now, Before []float64
}

// Add adds a pair.
func (w *Workload) Add(now, before float64) {
	w.Now, w.Before = append(w.Now, now), append(w.Before, before)
}

// ratios returns now/before of each pair.
func (w Workload) ratios() []float64 {
	all := make([]float64, len(w.Now))
	for i := range all {
		all[i] = w.Now[i] / w.Before[i]
	}
	return all
}

// Render returns the Markdown table; unit is that of the readings.
func Render(all []Workload, unit string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "This tree beside an earlier revision, by turns; medians, in %s.\n", unit)
	fmt.Fprintf(&b, "A median ratio below %.2f fails: 0.95 is wanted, the rest is a margin for noise.\n", Floor)
	fmt.Fprintf(&b, "%s\n\n", section.Host())
	b.WriteString("| workload | before | now | now/before | least | pairs |\n|---|---:|---:|---:|---:|---:|\n")
	for _, w := range all {
		b.WriteString(w.Row() + "\n")
	}
	return b.String()
}

// Row is one line of the table.
func (w Workload) Row() string {
	ratios := w.ratios()
	return fmt.Sprintf("| %s | %s | %s | **%.2f** | %.2f | %d |", w.Name,
		figure(w.Before), figure(w.Now), section.Median(ratios), slices.Min(ratios), len(ratios))
}

// figure is a median with as many digits as are worth reading.
func figure(readings []float64) string {
	m := section.Median(readings)
	if m < 100 {
		return fmt.Sprintf("%.2f", m)
	}
	return fmt.Sprintf("%.0f", m)
}

// Check returns an [ErrSlower] that names the workloads with a median below [Floor].
func Check(all []Workload) error {
	var slow []string
	for _, w := range all {
		if m := section.Median(w.ratios()); !(m >= Floor) {
			slow = append(slow, fmt.Sprintf("%s %.2f", w.Name, m))
		}
	}
	if len(all) == 0 {
		return ErrNone
	}
	if slow != nil {
		return fmt.Errorf("%w: %s (at least %.2f passes; measure again on a quiet machine before you believe it)",
			ErrSlower, strings.Join(slow, ", "), Floor)
	}
	return nil
}

// Report prints the table, writes it into the Markdown file unless path is empty, and
// returns what Check does. The section is called after what was measured and kept under
// the name of its make target.
func Report(all []Workload, what, unit, mark, path string) error {
	verdict := Check(all)
	if len(all) == 0 {
		return verdict
	}
	return errors.Join(bench.Publish(path, "Before and after: "+what, mark, Render(all, unit)), verdict)
}
