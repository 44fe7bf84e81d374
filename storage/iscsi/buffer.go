package iscsi

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Buffer is a piece of pooled memory. Whoever holds it last gives it back with release.
type Buffer struct {
	B     []byte
	from  *buffers
	class int // -1: too long for a pool
}

// Buffers come in powers of two from 4 KiB to 4 MiB; longer ones are left to the garbage collector.
const (
	minClassBits = 12
	maxClassBits = 22
)

// buffers hands out memory and keeps count of it, so that what is promised to peers stays within a budget.
type buffers struct {
	limit   int64
	used    atomic.Int64
	classes [maxClassBits - minClassBits + 1]sync.Pool

	starving atomic.Int64 // sessions in hungry
	mu       sync.Mutex
	hungry   []func() // to be called, in order, when there is room again
}

// get returns n bytes of undefined contents. It does not look at the limit.
func (p *buffers) get(n int) *Buffer {
	class := max(bits.Len(uint(n-1)), minClassBits) - minClassBits
	if class >= len(p.classes) {
		p.used.Add(int64(n))
		return &Buffer{B: make([]byte, n), from: p, class: -1}
	}
	p.used.Add(1 << (class + minClassBits))
	b, _ := p.classes[class].Get().(*Buffer)
	if b == nil {
		b = &Buffer{B: make([]byte, 1<<(class+minClassBits)), from: p, class: class}
	}
	b.B = b.B[:n]
	return b
}

// release gives b back. A nil Buffer is none.
func (b *Buffer) release() {
	if b == nil {
		return
	}
	p := b.from
	p.used.Add(-int64(cap(b.B)))
	if b.class >= 0 {
		p.classes[b.class].Put(b)
	}
	if p.starving.Load() > 0 {
		p.feed()
	}
}

// tryGet is get as long as the budget is not used up, else it returns nil. The last one to get something may exceed the budget by that, so
// that no size is too large to be served ever.
func (p *buffers) tryGet(n int) *Buffer {
	if p.used.Load() >= p.limit {
		return nil
	}
	return p.get(n)
}

// whenRoom has f called, on some other goroutine's time and without locks held by this package's callers, once memory has come back.
func (p *buffers) whenRoom(f func()) {
	p.mu.Lock()
	p.hungry = append(p.hungry, f)
	p.starving.Add(1)
	p.mu.Unlock()
	p.feed() // something may have come back meanwhile
}

// feed calls the first of those who wait, if there is room for anything.
func (p *buffers) feed() {
	if p.used.Load() >= p.limit {
		return
	}
	p.mu.Lock()
	var f func()
	if len(p.hungry) > 0 {
		f, p.hungry = p.hungry[0], p.hungry[1:]
		p.starving.Add(-1)
	}
	p.mu.Unlock()
	if f != nil {
		f()
	}
}
