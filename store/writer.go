package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// writer lets transactions write one after the other, and lets those that meet
// share the wait for the disk. A transaction that arrives while another one runs, or
// while the disk syncs, waits in a queue. Each in turn runs inside the same transaction
// of SQLite's, in a savepoint that can undo its work alone; the last of the queue
// commits for all. None returns before that commit is on the disk.
type writer struct {
	session   *session
	committed func() // called after every commit

	mu     sync.Mutex
	busy   bool          // the session is in use
	queue  []chan *batch // transactions that wait for it
	closed bool
	idle   chan struct{} // closed when it is not in use and will not be any more
}

// batch is the transactions that one commit makes durable. The holder of the session
// owns the batch.
type batch struct {
	members int // transactions that ran or are running
	kept    int // of these, those whose work was kept
	done    chan struct{}
	err     error // why the batch was lost; read it after done
}

// maxMembers bounds how long the first of a batch waits for the last.
const maxMembers = 64

func newBatch() *batch { return &batch{members: 1, done: make(chan struct{})} }

func newWriter(path string, committed func()) (*writer, error) {
	s, err := connect(path, "")
	if err != nil {
		return nil, err
	}
	return &writer{session: s, committed: committed, idle: make(chan struct{})}, nil
}

// run runs f as a transaction and returns when its work is on the disk, or nothing
// of it is left.
func (w *writer) run(ctx context.Context, f func(s *session) error) error {
	b, err := w.enter(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err = w.work(ctx, b, f)
	// f may have read the work of other members of the batch: even its refusal only
	// holds once their work is on the disk.
	<-b.done
	if b.err != nil {
		return b.err
	}
	return err
}

// enter waits for the session and returns the batch to take part in. After nil the
// caller owes leave.
func (w *writer) enter(ctx context.Context) (*batch, error) {
	w.mu.Lock()
	closed, free := w.closed, !w.busy
	turn := make(chan *batch, 1)
	switch {
	case closed:
	case free:
		w.busy = true
	default:
		w.queue = append(w.queue, turn)
	}
	w.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case free:
		return newBatch(), nil
	}
	select {
	case b := <-turn:
		return b, nil
	case <-ctx.Done():
		return w.giveUp(ctx, turn)
	}
}

// giveUp leaves the queue, unless it is our turn already: then others wait for us.
func (w *writer) giveUp(ctx context.Context, turn chan *batch) (*batch, error) {
	w.mu.Lock()
	i := slices.Index(w.queue, turn)
	if i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	w.mu.Unlock()
	if i < 0 {
		return <-turn, nil
	}
	return nil, ctx.Err()
}

// work runs f as a member of the batch and passes the session on, even when f panics.
func (w *writer) work(ctx context.Context, b *batch, f func(s *session) error) (err error) {
	defer w.leave(b)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := b.begin(w.session); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	good := false
	defer func() { b.end(w.session, good) }()
	if err := f(w.session); err != nil {
		return err
	}
	good = w.session.broken == nil
	return w.session.broken
}

// begin opens the transaction, or in one that is open a savepoint.
func (b *batch) begin(s *session) error {
	if b.kept == 0 {
		return s.control("BEGIN IMMEDIATE")
	}
	return s.control("SAVEPOINT member")
}

// end keeps the member's work in the transaction or takes it back.
func (b *batch) end(s *session, good bool) {
	var err error
	switch {
	case b.kept == 0 && !good:
		s.rollback()
		return
	case b.kept > 0 && !good:
		err = s.control("ROLLBACK TO member")
		fallthrough
	case b.kept > 0:
		err = errors.Join(err, s.control("RELEASE member"))
	}
	if err != nil { // the transaction is gone, and with it what the others did
		s.rollback()
		b.err = fmt.Errorf("a transaction that shared its commit has failed: %w", err)
	} else if good {
		b.kept++
	}
}

// leave passes the session to the next transaction of the queue, which joins the batch
// if it can; otherwise leave ends the batch first.
func (w *writer) leave(b *batch) {
	if b.err == nil && w.pass(b) {
		return
	}
	w.commit(b)
	close(b.done)
	w.pass(nil)
}

// pass hands the session to the next of the queue together with b, nil for a new
// batch. It returns false when the queue is empty or b is full.
func (w *writer) pass(b *batch) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 && b == nil {
		w.busy = false
		if w.closed {
			close(w.idle)
		}
	}
	if len(w.queue) == 0 || b != nil && b.members == maxMembers {
		return false
	}
	if b == nil {
		b = newBatch()
	} else {
		b.members++
	}
	w.queue[0] <- b
	w.queue = slices.Delete(w.queue, 0, 1)
	return true
}

// commit makes the batch durable. From here on there is no way back: a client that
// has gone must not make it uncertain whether its change was kept.
func (w *writer) commit(b *batch) {
	if b.err != nil || b.kept == 0 {
		return
	}
	if err := w.session.control("COMMIT"); err != nil {
		w.session.rollback()
		b.err = fmt.Errorf("commit: %w", err)
		return
	}
	w.committed()
}

// close refuses new transactions, waits for the present ones and closes the session.
// Further calls do nothing.
func (w *writer) close() error {
	w.mu.Lock()
	again, busy := w.closed, w.busy
	w.closed = true
	w.mu.Unlock()
	if again {
		return nil
	}
	if busy {
		<-w.idle
	}
	return w.session.close()
}
