package tftp

import (
	"bytes"
	"testing"
	"time"
)

// The retransmission timeout follows the round trip within its bounds.
func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		samples []time.Duration
		want    time.Duration
	}{
		{nil, time.Second},
		{[]time.Duration{time.Millisecond}, minTimeout},
		{[]time.Duration{100 * time.Millisecond}, 300 * time.Millisecond},
		{[]time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}, 212500 * time.Microsecond},
		{[]time.Duration{3 * time.Second}, maxTimeout},
	} {
		var e estimate
		for _, s := range c.samples {
			e.add(s)
		}
		if got := e.timeout(); got != c.want {
			t.Errorf("after %v: %v, want %v", c.samples, got, c.want)
		}
	}
}

// Whatever a request says, what is granted is within its bounds, and its answer is shorter
// than a frame.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"snponly.efi\x00octet\x00", "a\x00octet\x00blksize\x001468\x00tsize\x000\x00", "\x00\x00", "a\x00octet\x00blksize\x00",
		"a\x00octet\x00BLKSIZE\x0065464\x00blksize\x008\x00", "a\x00octet\x00\x00\x00\x00",
	} {
		f.Add([]byte(seed), 320_000, 1468)
	}
	f.Fuzz(func(t *testing.T, b []byte, size, largest int) {
		r, ok := parseRequest(b)
		if !ok {
			return
		}
		block, optAck := r.grant(size, largest)
		if block != plainBlock && (block < minBlock || block > min(maxBlock, largest)) {
			t.Errorf("block of %d bytes where %d fit", block, largest)
		}
		if len(optAck) > 64 || bytes.Count(optAck, []byte{0})%2 != 1 && optAck != nil {
			t.Errorf("OACK %q", optAck)
		}
	})
}
