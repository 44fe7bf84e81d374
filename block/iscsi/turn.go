package iscsi

import (
	"runtime"
	"sync/atomic"
)

// turns bounds how many connections have their requests carried out at a time (Limits.Busy).
// Without it each of a thousand busy sessions stands in the run queue, and whatever else the
// program does, such as an answer of the API, waits behind all of them at each of its steps.
type turns chan struct{}

// turn is the turn of one connection. Its reader takes it before it touches the socket. It is
// given back before anything that may wait for a disk, for memory or for the peer: a peer
// must not keep it from the others.
type turn struct {
	of   turns
	held atomic.Bool
}

// take waits for a turn, unless the connection has one. Only the reader calls it.
func (t *turn) take() {
	if t.held.Load() {
		return
	}
	select {
	case t.of <- struct{}{}:
	default:
		t.of <- struct{}{}
		runtime.Gosched() // who was just woken would run before all that wait to run
	}
	t.held.Store(true)
}

// give lets another connection have the turn. Any goroutine may call it.
func (t *turn) give() {
	if t.held.Swap(false) {
		<-t.of
	}
}
