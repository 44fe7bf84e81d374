// Package limit bounds what a stranger on the network can make us do.
package limit

import (
	"context"
	"sync"
	"time"
)

// Bucket is a token bucket: a burst of actions at once, a rate of them in the
// long run. It is safe for concurrent use.
type Bucket struct {
	rate, burst float64

	mu   sync.Mutex
	used float64
	last time.Time
}

// NewBucket returns a full bucket that allows burst actions at once and rate a
// second after that.
func NewBucket(rate, burst float64) *Bucket { return &Bucket{rate: rate, burst: burst} }

// Take tells whether one more action is allowed at this time.
func (b *Bucket) Take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if elapsed := now.Sub(b.last); elapsed > 0 {
		b.used = max(0, b.used-b.rate*elapsed.Seconds())
		b.last = now
	}
	if b.used+1 > b.burst {
		return false
	}
	b.used++
	return true
}

// Rest waits for a moment, or for the end of ctx. It is for a loop whose socket or
// store fails, so that it does not spin until that has passed.
func Rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
}
