package volume

import (
	"fmt"
	"time"
)

// Progress is the progress of a long operation.
type Progress struct {
	Done, Total int64         // bytes; Total is 0 if it is not known
	Rate        float64       // bytes per second since the beginning
	Left        time.Duration // remaining time at that rate; 0 if unknown
}

// String describes it in words, as far as it is known.
func (p Progress) String() string {
	const mib = 1 << 20
	if p.Total <= 0 {
		return fmt.Sprintf("%.1f MiB, %.1f MiB/s", float64(p.Done)/mib, p.Rate/mib)
	}
	s := fmt.Sprintf("%d%% of %.1f MiB, %.1f MiB/s", p.Done*100/p.Total, float64(p.Total)/mib, p.Rate/mib)
	if p.Left > 0 {
		s += fmt.Sprintf(", %v left", max(p.Left, time.Second).Round(time.Second))
	}
	return s
}

// Meter reports progress, several times a second and at the end. A nil Meter reports
// nothing. It is not safe for concurrent use.
type Meter struct {
	report   func(Progress)
	total    int64
	done     int64
	started  time.Time
	reported time.Time
}

// NewMeter makes a meter of total bytes that calls report; nil if report is nil.
func NewMeter(total int64, report func(Progress)) *Meter {
	if report == nil {
		return nil
	}
	now := time.Now()
	return &Meter{report: report, total: total, started: now, reported: now}
}

const meterInterval = 200 * time.Millisecond

// Add counts n bytes more.
func (m *Meter) Add(n int64) {
	if m == nil {
		return
	}
	m.done += n
	if now := time.Now(); now.Sub(m.reported) >= meterInterval || m.done == m.total {
		m.reported = now
		m.report(progress(m.done, m.total, now.Sub(m.started)))
	}
}

func progress(done, total int64, took time.Duration) Progress {
	p := Progress{Done: done, Total: total}
	if took > 0 {
		p.Rate = float64(done) / took.Seconds()
	}
	if p.Rate > 0 && total > done {
		p.Left = time.Duration(float64(total-done) / p.Rate * float64(time.Second))
	}
	return p
}
