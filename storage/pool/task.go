package pool

import (
	"context"
	"sync"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/volume"
)

// task is a long operation on an image.
type task struct {
	cancel context.CancelFunc
	done   chan struct{}
	also   func(volume.Progress) // hears what tell is called with; or nil

	mu       sync.Mutex
	progress volume.Progress
}

// setProgress records the progress.
func (t *task) setProgress(p volume.Progress) {
	t.mu.Lock()
	t.progress = p
	t.mu.Unlock()
	if t.also != nil {
		t.also(p)
	}
}

// Progress returns the progress of the task that makes an image; ok is false if there is
// none.
func (p *Pool) Progress(uuid string) (progress volume.Progress, ok bool) {
	p.mu.Lock()
	t := p.tasks[uuid]
	p.mu.Unlock()
	if t == nil {
		return progress, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.progress, true
}

// enter registers a task on an image; ctx ends when it is cancelled or leave is called.
func (p *Pool) enter(parent context.Context, uuid string) (ctx context.Context, t *task, leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, nil, nil, baremetal.Errorf(baremetal.ErrBusy, "Ironhook is being stopped.")
	case p.tasks[uuid] != nil:
		return nil, nil, nil, baremetal.Errorf(baremetal.ErrConflict, "Data of image %s is being written already.", uuid)
	case len(p.tasks) >= maxTasks:
		limit.Reached(limit.ImagesWaiting)
		return nil, nil, nil, baremetal.Errorf(baremetal.ErrBusy, "%d images are being made already; try again when one is done.", maxTasks)
	}
	t = &task{done: make(chan struct{})}
	ctx, t.cancel = context.WithCancel(parent)
	release := context.AfterFunc(p.ctx, t.cancel)
	p.tasks[uuid] = t
	p.wait.Add(1)
	return ctx, t, func() {
		release()
		t.cancel()
		p.mu.Lock()
		delete(p.tasks, uuid)
		p.mu.Unlock()
		close(t.done)
		p.wait.Done()
	}, nil
}

// cancel cancels the task on an image and returns when it has ended.
func (p *Pool) cancel(ctx context.Context, uuid string) error {
	p.mu.Lock()
	t := p.tasks[uuid]
	p.mu.Unlock()
	if t == nil {
		return nil
	}
	t.cancel()
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// slot waits for the right to run.
func (p *Pool) slot(ctx context.Context) (free func(), err error) {
	if len(p.slots) == maxRunning {
		limit.Reached(limit.ImagesRunning)
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
