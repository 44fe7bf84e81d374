package iscsi

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// Buffer is a piece of pooled memory. Its last holder releases it.
type Buffer struct {
	B      []byte
	from   *buffers
	budget *budget // nil: of no session
	class  int     // -1: too long for a pool
	asked  bool    // for data we ask for
}

// Buffers come in powers of two from 4 KiB to 4 MiB; longer ones are left to the
// garbage collector.
const (
	minClassBits = 12
	maxClassBits = 22
)

// buffers allocates memory and counts it, so that the memory that peers can occupy stays
// bounded. There are two limits. Above the first no more data is requested: no R2T is sent,
// unless none is outstanding anywhere, and windows close. Data requested before still gets
// its memory. Above the second, twice as high, readers wait before they read more from
// their sockets. Only readers that owe no requested data wait, so every transfer that has
// begun can finish and release its memory. Below both limits the shares decide, see
// [budget]; neither limit holds up a session that has no more than is kept for each.
type buffers struct {
	limit   int64
	used    atomic.Int64
	asked   atomic.Int64 // buffers that wait for solicited data, or hold it
	classes [maxClassBits - minClassBits + 1]sync.Pool

	waiting atomic.Int64 // in pending and at wake
	mu      sync.Mutex
	pending []hunger  // mu guards; to be fed when their shares have room, in order
	wake    sync.Cond // there may be room below the second; L is mu
}

func newBuffers(limit int64) *buffers {
	p := &buffers{limit: limit}
	p.wake.L = &p.mu
	return p
}

// classOf returns the pool for n bytes and what a buffer of it takes.
func classOf(n int) (class int, size int64) {
	class = max(bits.Len(uint(n-1)), minClassBits) - minClassBits
	if class > maxClassBits-minClassBits {
		return -1, int64(n)
	}
	return class, 1 << (class + minClassBits)
}

// get returns n bytes of undefined contents, whatever the limits.
func (p *buffers) get(n int) *Buffer {
	class, size := classOf(n)
	p.used.Add(size)
	return p.make(n, class, size)
}

func (p *buffers) make(n, class int, size int64) *Buffer {
	if class >= 0 {
		if b, _ := p.classes[class].Get().(*Buffer); b != nil {
			b.B = b.B[:n]
			return b
		}
	}
	return &Buffer{B: make([]byte, n, size), from: p, class: class}
}

// full reports whether the second limit is reached.
func (p *buffers) full() bool { return p.used.Load() >= 2*p.limit }

// wakeWaiters makes every waitMemory check its condition again.
func (p *buffers) wakeWaiters() {
	if p.waiting.Load() > 0 {
		p.mu.Lock()
		p.wake.Broadcast()
		p.mu.Unlock()
	}
}

// release gives b back. A nil Buffer is none.
func (b *Buffer) release() {
	if b == nil {
		return
	}
	p := b.from
	p.used.Add(-int64(cap(b.B)))
	b.budget.add(-int64(cap(b.B)))
	b.budget = nil
	if b.asked {
		b.asked = false
		p.asked.Add(-1)
	}
	if b.class >= 0 {
		p.classes[b.class].Put(b)
	}
	if p.waiting.Load() > 0 {
		p.wakeWaiters()
		p.feed()
	}
}

// feed calls the first of those that wait whose budget has room.
func (p *buffers) feed() {
	p.mu.Lock()
	next := slices.IndexFunc(p.pending, func(h hunger) bool { return h.budget.mayAsk(h.n) })
	if next < 0 {
		p.mu.Unlock()
		return
	}
	h := p.pending[next]
	p.pending = slices.Delete(p.pending, next, next+1)
	p.mu.Unlock()
	h.budget.wait(-1)
	h.feed()
}
