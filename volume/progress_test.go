package volume

import (
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	const mib = 1 << 20
	for want, p := range map[string]Progress{
		"0.0 MiB, 0.0 MiB/s":                        progress(0, 0, 0),
		"30.0 MiB, 10.0 MiB/s":                      progress(30*mib, 0, 3*time.Second),
		"25% of 40.0 MiB, 5.0 MiB/s, 6s left":       progress(10*mib, 40*mib, 2*time.Second),
		"99% of 1.0 MiB, 1.0 MiB/s, 1s left":        progress(mib-1, mib, time.Second),
		"100% of 40.0 MiB, 20.0 MiB/s":              progress(40*mib, 40*mib, 2*time.Second),
		"1% of 6000.0 MiB, 1.0 MiB/s, 1h39m0s left": progress(60*mib, 6000*mib, time.Minute),
	} {
		if got := p.String(); got != want {
			t.Errorf("progress = %q, want %q", got, want)
		}
	}
}
