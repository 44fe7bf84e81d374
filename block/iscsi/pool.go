package iscsi

import "sync"

// pool runs jobs in order on a bounded number of goroutines, which it starts as needed. Its
// queue has no limit: the windows of the sessions bound it.
type pool struct {
	workers int

	mu      sync.Mutex
	wake    sync.Cond
	jobs    []func()
	next    int // index in jobs
	started int
	idle    int
	closed  bool
	wg      sync.WaitGroup
}

func newPool(workers int) *pool {
	p := &pool{workers: workers}
	p.wake.L = &p.mu
	return p
}

// submit queues a job, unless the pool is closed.
func (p *pool) submit(job func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.jobs = append(p.jobs, job)
	if p.idle > 0 {
		p.wake.Signal()
	} else if p.started < p.workers {
		p.started++
		p.wg.Go(p.work)
	}
	return true
}

func (p *pool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.next == len(p.jobs) {
			if p.closed {
				return
			}
			p.idle++
			p.wake.Wait()
			p.idle--
		}
		job := p.jobs[p.next]
		p.jobs[p.next] = nil
		if p.next++; p.next == len(p.jobs) {
			p.jobs, p.next = p.jobs[:0], 0
		}
		p.mu.Unlock()
		job()
		p.mu.Lock()
	}
}

// close accepts no more jobs, runs those that are queued, and waits for them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.wake.Broadcast()
	p.mu.Unlock()
	p.wg.Wait()
}
