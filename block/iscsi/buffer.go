package iscsi

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Buffer is a piece of pooled memory. Its last holder releases it.
type Buffer struct {
	B     []byte
	from  *buffers
	class int  // -1: too long for a pool
	asked bool // for data we ask for
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
// begun can finish and release its memory.
type buffers struct {
	limit   int64
	used    atomic.Int64
	asked   atomic.Int64 // buffers that wait for solicited data, or hold it
	classes [maxClassBits - minClassBits + 1]sync.Pool

	waiting atomic.Int64 // in pending and at wake
	mu      sync.Mutex
	pending []func()  // mu guards; to be called, in order, when there is room below the first limit
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

// ask is get for data that an R2T will request: it returns nil when the first limit is
// reached. The buffer may exceed the limit by its own size, so that every size can be
// served eventually.
func (p *buffers) ask(n int) *Buffer {
	if !p.roomToAsk() {
		return nil
	}
	b := p.get(n)
	b.asked = true
	p.asked.Add(1)
	return b
}

func (p *buffers) roomToAsk() bool { return p.used.Load() < p.limit || p.asked.Load() == 0 }

// wanted reports whether a peer waits for memory.
func (p *buffers) wanted() bool { return p.waiting.Load() > 0 }

// full reports whether the second limit is reached.
func (p *buffers) full() bool { return p.used.Load() >= 2*p.limit }

// waitMemory waits while the second limit is reached, or until ended returns true. It calls
// ended again after [buffers.wakeWaiters].
func (p *buffers) waitMemory(ended func() bool) {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.full() && !ended() {
		p.wake.Wait()
	}
}

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

// whenRoom calls f once there is room below the first limit. The call comes from any place
// that releases memory, so f must neither wait nor take locks that are held there.
func (p *buffers) whenRoom(f func()) {
	p.waiting.Add(1)
	p.mu.Lock()
	p.pending = append(p.pending, f)
	p.mu.Unlock()
	p.feed() // memory may have been released meanwhile
}

// feed calls the first function that waits for room, if there is one.
func (p *buffers) feed() {
	if !p.roomToAsk() {
		return
	}
	p.mu.Lock()
	var f func()
	if len(p.pending) > 0 {
		f, p.pending = p.pending[0], p.pending[1:]
		p.waiting.Add(-1)
	}
	p.mu.Unlock()
	if f != nil {
		f()
	}
}
