package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/block/iscsi"
	"ironhook/boot"
	"ironhook/internal/limit"
	"ironhook/store"
)

// maxPending is how many observations may wait to be recorded. A burst beyond that
// loses some; sessions never wait for the log.
const maxPending = 4096

// observation is a candidate for an event: an action of an initiator, or a fault of a disk.
type observation struct {
	event iscsi.Event
	node  string // of a fault
	fault error
}

// observe is called from the goroutines of the sessions and must not block.
func (e *Exports) observe(event iscsi.Event) { e.enqueue(observation{event: event}) }

func (e *Exports) fault(grant *baremetal.Grant, err error) {
	e.enqueue(observation{node: grant.Node, fault: fmt.Errorf("volume %s: %w", grant.Volume, err)})
}

func (e *Exports) enqueue(o observation) {
	select {
	case e.pending <- o:
	default:
		e.log.Warn("too much is happening at once; not in the event log", "event", o.event.Kind, "initiator", o.event.Initiator)
	}
}

// recordAll records observations until ctx ends, then the remaining ones.
func (e *Exports) recordAll(ctx context.Context) {
	faults := limit.NewBuckets[subject](limit.DiskFaults, maxSubjects)
	for {
		select {
		case o := <-e.pending:
			e.record(o, faults)
		case <-ctx.Done():
			for len(e.pending) > 0 {
				e.record(<-e.pending, faults)
			}
			return
		}
	}
}

// record appends the event of an observation to the log, if it has one. The store is still
// open then.
func (e *Exports) record(o observation, faults *limit.Buckets[subject]) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	event, err := e.eventOf(ctx, o, faults)
	if err == nil && event.Kind != "" {
		err = e.store.Append(ctx, event)
	}
	if err != nil {
		e.log.Error("write down what happened at the iSCSI target", "event", o.event.Kind, "initiator", o.event.Initiator, "error", err)
	}
}

// eventOf returns the event of an observation; its Kind is "" if there is none.
func (e *Exports) eventOf(ctx context.Context, o observation, faults *limit.Buckets[subject]) (baremetal.Event, error) {
	if o.fault != nil {
		e.log.Error("disk fault", "node", o.node, "error", o.fault)
		return limited(faults, time.Now(), baremetal.Event{Node: o.node, Kind: baremetal.EventError, Detail: o.fault.Error()}), nil
	}
	if o.event.Initiator == "" || o.event.Target == "" {
		return baremetal.Event{}, nil // a discovery, or a peer that never gave its name
	}
	node, exported, boots, err := e.boots(ctx, o.event)
	if err != nil {
		return baremetal.Event{}, err
	}
	if o.event.Kind == iscsi.LoginFailed {
		return limited(faults, time.Now(), baremetal.Event{Node: node, Kind: baremetal.EventRefused, Step: baremetal.EventLogin,
			Detail: fmt.Sprintf("iSCSI login of %.223s from %s to %.223s: %.200s", o.event.Initiator, o.event.Remote.Addr(), o.event.Target,
				o.event.Reason)}), nil
	}
	act := acts[o.event.Kind]
	if node == "" || act == boot.SessionClosed && (e.stopping.Load() || !exported || e.alive(o.event.Initiator)) {
		return baremetal.Event{}, nil // not a node's; or it ends by our stop, by a detach, or beside another session
	}
	return baremetal.Event{Node: node, Kind: boots.Next(act, firmware(o.event.ISID)), Detail: detail(o.event)}, nil
}

// acts maps the events of initiators to the steps of a boot.
var acts = map[iscsi.EventKind]boot.Act{
	iscsi.Login: boot.SessionOpened, iscsi.FirstRead: boot.SessionRead, iscsi.FirstWrite: boot.SessionWrote,
	iscsi.Logout: boot.SessionClosed, iscsi.Closed: boot.SessionClosed,
}

func detail(e iscsi.Event) string {
	switch e.Kind {
	case iscsi.Login:
		return fmt.Sprintf("%s from %s", e.Initiator, e.Remote.Addr())
	case iscsi.Closed:
		return e.Reason
	}
	return ""
}

// alive reports whether an initiator still has a session.
func (e *Exports) alive(initiator string) bool {
	return slices.ContainsFunc(e.target.Sessions(), func(s iscsi.SessionInfo) bool { return s.Initiator == initiator })
}

// recentEvents is how many events of a node are read to find its present boot, which has
// about a dozen.
const recentEvents = 200

// boots returns the node of a session, or "", whether its target is still exported, and the
// latest boots of the node.
func (e *Exports) boots(ctx context.Context, event iscsi.Event) (node string, exported bool, boots boot.History, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		if node, exported, err = owner(tx, event); err != nil || node == "" {
			return err
		}
		boots, err = boot.Read(recentEvents, func(kinds []baremetal.EventKind, limit int) ([]*baremetal.Event, error) {
			return tx.Events(store.EventQuery{Node: node, Kinds: kinds, Last: true, Limit: limit})
		})
		return err
	})
	return node, exported, boots, err
}

// owner finds the node by the target name of the session, or by the initiator's name.
func owner(tx *store.Tx, event iscsi.Event) (node string, exported bool, err error) {
	grant, err := tx.Grants().Get(event.Target)
	if err == nil {
		return grant.Node, true, nil
	}
	if !errors.Is(err, baremetal.ErrNotFound) {
		return "", false, err
	}
	connectors, err := tx.Connectors().List(store.Query{Filters: []store.Filter{
		{Column: "type", Value: "iqn"}, {Column: "connector_id", Value: event.Initiator},
	}})
	if err != nil || len(connectors) == 0 {
		return "", false, err
	}
	return connectors[0].NodeUUID, false, nil
}

// firmware reports whether a session is iPXE's, by its ISID. That is in the form of an
// IANA enterprise number (RFC 7143 section 11.12.5) and has the one of Fen Systems, 10019.
func firmware(id iscsi.ISID) bool { return [4]byte(id[:4]) == [4]byte{0x40, 0x00, 0x27, 0x23} }

// subject is what a budget of events is for.
type subject struct {
	node string
	kind baremetal.EventKind
}

// maxSubjects is how many budgets are remembered.
const maxSubjects = 10_000

// limited returns e, with how many like it were kept back since the last; or an event
// without a kind while the budget of its node is used up.
func limited(faults *limit.Buckets[subject], now time.Time, e baremetal.Event) baremetal.Event {
	ok, refused := faults.TakeCounting(subject{e.Node, e.Kind}, now)
	switch {
	case !ok:
		return baremetal.Event{}
	case refused > 0:
		e.Detail += fmt.Sprintf(" (and %d more like it before)", refused)
	}
	return e
}
