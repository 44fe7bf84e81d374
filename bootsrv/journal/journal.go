// Package journal writes what the wire shows into the event log: which machine
// asked, what it was given. Anybody who can send a packet can cause an event, so
// the journal is where the flood stops: it repeats nothing within three seconds;
// each machine has a budget for each kind of event, so that whoever speaks in its
// name cannot silence all of its story; all strangers together have one, and so do
// all enrolled machines; and what it remembers has a fixed size.
package journal

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	repeat     = 3 * time.Second // the same fact about the same machine is one event
	remembered = 4096            // facts, and budgets of machines, kept in mind
)

// Journal is safe for concurrent use.
type Journal struct {
	// Speaks reports whether what comes from an address comes from the card mac. It is
	// set before the journal is used; nil takes the lease's word for it.
	Speaks func(ctx context.Context, a netip.Addr, mac string) bool

	store *store.Store
	log   *slog.Logger

	mu        sync.Mutex
	seen      map[baremetal.Event]time.Time
	machines  *limit.Buckets[subject]
	enrolled  *limit.Bucket
	strangers *limit.Bucket
}

// subject is what a budget is for.
type subject struct {
	mac  string
	kind baremetal.EventKind
}

// New returns a journal that writes to s and tells log when it cannot.
func New(s *store.Store, log *slog.Logger) *Journal {
	return &Journal{
		store: s, log: log,
		seen:      map[baremetal.Event]time.Time{},
		machines:  limit.NewBuckets[subject](limit.MachineEvents, remembered),
		enrolled:  limit.NewBucket(limit.EnrolledEvents),
		strangers: limit.NewBucket(limit.StrangerEvents),
	}
}

// Admit tells whether e is to be written: an event with its node set is an
// enrolled machine's. Who gets true must write it, in the transaction of the
// change it tells of.
func (j *Journal) Admit(e baremetal.Event) bool {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	if at, ok := j.seen[e]; ok && now.Sub(at) < repeat {
		return false
	}
	if len(j.seen) >= remembered {
		j.forget(now)
	}
	all := j.strangers
	if e.Node != "" {
		all = j.enrolled
	}
	if len(j.seen) >= remembered || !all.Take(now) || !j.machines.Take(subject{e.MAC, e.Kind}, now) {
		return false
	}
	j.seen[e] = now
	return true
}

// forget drops the facts that are too old to be repeated.
func (j *Journal) forget(now time.Time) {
	for e, at := range j.seen {
		if now.Sub(at) >= repeat {
			delete(j.seen, e)
		}
	}
}

// Note writes an event about the machine with its MAC address. A store that fails
// is told to the log: no boot waits for its own story.
func (j *Journal) Note(ctx context.Context, e baremetal.Event) {
	err := j.store.View(ctx, func(tx *store.Tx) error {
		port, err := tx.Ports().Get(e.MAC)
		if errors.Is(err, baremetal.ErrNotFound) {
			return nil
		}
		if err == nil {
			e.Node = port.NodeUUID
		}
		return err
	})
	if err == nil && j.Admit(e) {
		err = j.store.Append(ctx, e)
	}
	if err != nil && ctx.Err() == nil {
		j.log.Error("event not written", "kind", e.Kind, "mac", e.MAC, "detail", e.Detail, "error", err)
	}
}

// NoteAt writes an event about the machine that has leased addr. It does nothing
// when no machine has, or another one sits there.
func (j *Journal) NoteAt(ctx context.Context, addr netip.Addr, e baremetal.Event) {
	err := j.store.View(ctx, func(tx *store.Tx) error {
		lease, err := tx.Leases().Get(addr.String())
		if err == nil {
			e.MAC = lease.MAC
		}
		return err
	})
	switch {
	case err == nil && j.Speaks != nil && !j.Speaks(ctx, addr, e.MAC):
	case err == nil:
		j.Note(ctx, e)
	case !errors.Is(err, baremetal.ErrNotFound) && ctx.Err() == nil:
		j.log.Error("event not written", "kind", e.Kind, "address", addr, "detail", e.Detail, "error", err)
	}
}
