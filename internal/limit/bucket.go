package limit

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Bucket is a token bucket: a burst of actions at once, a rate of them in the long
// run. It is safe for concurrent use.
type Bucket struct {
	tokens  *rate.Limiter
	refused atomic.Int64 // since an action was last allowed
	name    Name
}

// NewBucket returns a full bucket of the rate.
func NewBucket(r Rate) *Bucket {
	return &Bucket{tokens: rate.NewLimiter(rates[r].perSecond, rates[r].burst), name: rates[r].name}
}

// Take reports whether one more action is allowed at this time, and counts it if so.
func (b *Bucket) Take(now time.Time) bool {
	ok, _ := b.TakeCounting(now)
	return ok
}

// TakeCounting is Take. For an allowed action it also returns the number of actions refused
// since the previous allowed one.
func (b *Bucket) TakeCounting(now time.Time) (ok bool, refused int) {
	if !b.tokens.AllowN(now, 1) {
		b.refused.Add(1)
		Reached(b.name)
		return false, 0
	}
	return true, int(b.refused.Swap(0))
}

// Buckets gives each source a bucket of its own. It is safe for concurrent use.
type Buckets[K comparable] struct {
	rate Rate
	most int

	mu sync.Mutex
	of map[K]*Bucket // mu guards it
}

// NewBuckets returns buckets of the rate for a bounded number of sources. When another source
// appears, all buckets are refilled.
func NewBuckets[K comparable](r Rate, most int) *Buckets[K] {
	return &Buckets[K]{rate: r, most: most, of: map[K]*Bucket{}}
}

// Take is [Bucket.Take] for one source.
func (b *Buckets[K]) Take(source K, now time.Time) bool {
	ok, _ := b.TakeCounting(source, now)
	return ok
}

// TakeCounting is [Bucket.TakeCounting] for one source.
func (b *Buckets[K]) TakeCounting(source K, now time.Time) (ok bool, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket, ok := b.of[source]
	if !ok {
		if len(b.of) >= b.most {
			clear(b.of)
		}
		bucket = NewBucket(b.rate)
		b.of[source] = bucket
	}
	return bucket.TakeCounting(now)
}

// Sources returns how many sources are remembered.
func (b *Buckets[K]) Sources() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.of)
}
