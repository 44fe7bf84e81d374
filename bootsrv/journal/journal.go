// Package journal writes network activity to the event log: requests of machines and the
// answers. Any sender of a packet can cause an event, so the journal limits them: it
// repeats no event within three seconds; each machine has a budget for each kind of event,
// so that an impostor cannot suppress all of its events; a stranger has one budget for all
// kinds; all strangers together have one budget, and so do all enrolled machines; and its
// memory has a fixed size.
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
	repeat     = 3 * time.Second // equal events of a machine within it are one
	remembered = 4096            // limit of events, and of budgets, in memory
)

// Journal is safe for concurrent use.
type Journal struct {
	// Speaks reports whether packets from an address come from the card mac. It is set
	// before the journal is used; if nil, the lease decides.
	Speaks func(ctx context.Context, a netip.Addr, mac string) bool
	// Gave returns the card to which an IPv6 address is given, "" for none. It is set before
	// the journal is used; if nil, leases alone decide.
	Gave func(ctx context.Context, a netip.Addr) string

	store *store.Store
	log   *slog.Logger

	mu        sync.Mutex
	seen      map[baremetal.Event]time.Time
	machines  *limit.Buckets[subject]
	enrolled  *limit.Bucket
	stranger  *limit.Buckets[string]
	strangers *limit.Bucket
}

// subject is the key of a budget.
type subject struct {
	mac  string
	kind baremetal.EventKind
}

// New returns a journal that writes to s and logs its failures.
func New(s *store.Store, log *slog.Logger) *Journal {
	return &Journal{
		store: s, log: log,
		seen:      map[baremetal.Event]time.Time{},
		machines:  limit.NewBuckets[subject](limit.MachineEvents, remembered),
		enrolled:  limit.NewBucket(limit.EnrolledEvents),
		stranger:  limit.NewBuckets[string](limit.EachStranger, remembered),
		strangers: limit.NewBucket(limit.StrangerEvents),
	}
}

// Admit reports whether to write e; an event with its node set is of an enrolled machine.
// After true the caller must write it, in the transaction of the change that it reports.
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
	if len(j.seen) >= remembered || !j.affordable(e, now) {
		return false
	}
	j.seen[e] = now
	return true
}

// affordable takes an event from the budgets.
func (j *Journal) affordable(e baremetal.Event, now time.Time) bool {
	if e.Node != "" {
		return j.enrolled.Take(now) && j.machines.Take(subject{e.MAC, e.Kind}, now)
	}
	return j.stranger.Take(e.MAC, now) && j.strangers.Take(now)
}

// forget drops the events that are too old to suppress a repetition.
func (j *Journal) forget(now time.Time) {
	for e, at := range j.seen {
		if now.Sub(at) >= repeat {
			delete(j.seen, e)
		}
	}
}

// Note writes an event of the machine with its MAC address. A failure of the store is only
// logged: no boot waits for its events.
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

// NoteAt writes an event of the machine that has leased addr, and reports whether there is one. It does nothing
// if there is none, or another machine uses the address.
func (j *Journal) NoteAt(ctx context.Context, addr netip.Addr, e baremetal.Event) bool {
	err := j.holder(ctx, addr, &e.MAC)
	switch {
	case err == nil && j.Speaks != nil && !j.Speaks(ctx, addr, e.MAC):
	case err == nil:
		j.Note(ctx, e)
		return true
	case !errors.Is(err, baremetal.ErrNotFound) && ctx.Err() == nil:
		j.log.Error("event not written", "kind", e.Kind, "address", addr, "detail", e.Detail, "error", err)
	}
	return false
}

// holder finds the card that has the address.
func (j *Journal) holder(ctx context.Context, a netip.Addr, mac *string) error {
	if j.Gave != nil {
		if *mac = j.Gave(ctx, a); *mac != "" {
			return nil
		}
	}
	return j.store.View(ctx, func(tx *store.Tx) error {
		lease, err := tx.Leases().Get(a.String())
		if err == nil {
			*mac = lease.MAC
		}
		return err
	})
}
