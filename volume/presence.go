package volume

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// presence is the map of an overlay in memory: one bit for each block that the overlay has.
// Reading it takes no lock. It tracks which of its pages differ from those on stable
// storage.
type presence struct {
	pages []atomic.Pointer[page] // nil: none of its blocks; grown only without readers
	mu    sync.Mutex
	dirty map[int64]struct{}
}

// page is the part of the map that is written together: the blocks of one GiB.
type page struct {
	words      [pageBlocks / 64]atomic.Uint64
	generation uint64 // of the newest copy in the file, 0 if there is none; used by sync
}

func newPresence(size int64) *presence {
	return &presence{pages: make([]atomic.Pointer[page], pagesFor(size)), dirty: map[int64]struct{}{}}
}

// pagesFor is how many pages a volume of size bytes needs.
func pagesFor(size int64) int64 { return (size + pageSpan - 1) / pageSpan }

// grow extends the map for a larger volume. It must not be used concurrently.
func (m *presence) grow(size int64) {
	more := make([]atomic.Pointer[page], max(pagesFor(size), int64(len(m.pages))))
	for i := range m.pages {
		more[i].Store(m.pages[i].Load())
	}
	m.pages = more
}

func (m *presence) has(block int64) bool {
	i := block / pageBlocks
	if i >= int64(len(m.pages)) {
		return false
	}
	p := m.pages[i].Load()
	return p != nil && p.words[block%pageBlocks/64].Load()>>(block%64)&1 != 0
}

// all reports whether every block of [first, end) is present.
func (m *presence) all(first, end int64) bool {
	for b := first; b < end; b++ {
		if !m.has(b) {
			return false
		}
	}
	return true
}

// next returns the first present block from b on, or end.
func (m *presence) next(b, end int64) int64 {
	for b < end && b/pageBlocks < int64(len(m.pages)) {
		p := m.pages[b/pageBlocks].Load()
		if p == nil {
			b = (b/pageBlocks + 1) * pageBlocks
			continue
		}
		w := p.words[b%pageBlocks/64].Load() >> (b % 64)
		if w != 0 {
			return min(b+int64(bits.TrailingZeros64(w)), end)
		}
		b = (b/64 + 1) * 64
	}
	return end
}

// add marks the blocks of [first, end) as present. Their pages must exist (see ready).
func (m *presence) add(first, end int64) {
	for b := first; b < end; b++ {
		m.pages[b/pageBlocks].Load().words[b%pageBlocks/64].Or(1 << (b % 64))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := first / pageBlocks; i*pageBlocks < end; i++ {
		m.dirty[i] = struct{}{}
	}
}

// ready creates the pages of the blocks of [first, end), and calls reserve for each new one
// first.
func (m *presence) ready(first, end int64, reserve func(page int64) error) error {
	for i := first / pageBlocks; i*pageBlocks < end; i++ {
		if m.pages[i].Load() != nil {
			continue
		}
		if err := m.make(i, reserve); err != nil {
			return err
		}
	}
	return nil
}

func (m *presence) make(i int64, reserve func(page int64) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pages[i].Load() != nil {
		return nil
	}
	if err := reserve(i); err != nil {
		return err
	}
	m.pages[i].Store(&page{})
	return nil
}

// unsaved is a copy of a page to be written.
type unsaved struct {
	index int64
	page  *page
	words [pageBlocks / 64]uint64
}

// take returns copies of the dirty pages, in order, and marks them clean.
func (m *presence) take() []unsaved {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]unsaved, 0, len(m.dirty))
	for i := range m.dirty {
		u := unsaved{index: i, page: m.pages[i].Load()}
		for w := range u.words {
			u.words[w] = u.page.words[w].Load()
		}
		list = append(list, u)
	}
	clear(m.dirty)
	slices.SortFunc(list, func(a, b unsaved) int { return int(a.index - b.index) })
	return list
}

// putBack marks pages that could not be written as dirty again.
func (m *presence) putBack(list []unsaved) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range list {
		m.dirty[u.index] = struct{}{}
	}
}

// count returns the number of blocks that are present.
func (m *presence) count() (n int64) {
	for i := range m.pages {
		if p := m.pages[i].Load(); p != nil {
			for w := range p.words {
				n += int64(bits.OnesCount64(p.words[w].Load()))
			}
		}
	}
	return n
}

// mark is add for a map that exists only in memory.
func (m *presence) mark(first, end int64) {
	for i := first / pageBlocks; i*pageBlocks < end; i++ {
		m.pages[i].CompareAndSwap(nil, &page{})
	}
	m.add(first, end)
}

// remove removes a block from a map that exists only in memory.
func (m *presence) remove(b int64) {
	m.pages[b/pageBlocks].Load().words[b%pageBlocks/64].And(^uint64(1 << (b % 64)))
}
