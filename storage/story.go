package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/block/iscsi"
	"ironhook/store"
)

// maxNotes is how many happenings may wait to be written down. A burst beyond that
// loses some; sessions never wait for the log.
const maxNotes = 4096

// note is something to write down: what an initiator did, or a fault of a disk.
type note struct {
	event iscsi.Event
	node  string // of a fault
	fault error
}

// observe is called from the goroutines of the sessions and must not block.
func (e *Exports) observe(event iscsi.Event) { e.note(note{event: event}) }

func (e *Exports) fault(grant *baremetal.Grant, err error) {
	e.note(note{node: grant.Node, fault: fmt.Errorf("volume %s: %w", grant.Volume, err)})
}

func (e *Exports) note(n note) {
	select {
	case e.heard <- n:
	default:
		e.log.Warn("too much is happening at once; not in the event log", "event", n.event.Kind, "initiator", n.event.Initiator)
	}
}

// tell writes down what is heard until ctx ends, then what is left.
func (e *Exports) tell(ctx context.Context) {
	mute := limiter{every: 10 * time.Second}
	for {
		select {
		case n := <-e.heard:
			e.write(n, &mute)
		case <-ctx.Done():
			for len(e.heard) > 0 {
				e.write(<-e.heard, &mute)
			}
			return
		}
	}
}

// write puts one note into the event log, if it is news. The store outlives us.
func (e *Exports) write(n note, mute *limiter) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	event, err := e.news(ctx, n, mute)
	if err == nil && event.Kind != "" {
		err = e.store.Append(ctx, event)
	}
	if err != nil {
		e.log.Error("write down what happened at the iSCSI target", "event", n.event.Kind, "initiator", n.event.Initiator, "error", err)
	}
}

// news makes an event of a note; its Kind is "" when there is nothing to tell.
func (e *Exports) news(ctx context.Context, n note, mute *limiter) (baremetal.Event, error) {
	if n.fault != nil {
		e.log.Error("disk fault", "node", n.node, "error", n.fault)
		return mute.pass(baremetal.Event{Node: n.node, Kind: baremetal.EventError, Detail: n.fault.Error()}), nil
	}
	if n.event.Initiator == "" || n.event.Target == "" {
		return baremetal.Event{}, nil // a discovery, or somebody who never said who he is
	}
	node, exported, history, err := e.past(ctx, n.event)
	if err != nil {
		return baremetal.Event{}, err
	}
	if n.event.Kind == iscsi.LoginFailed {
		return mute.pass(baremetal.Event{Node: node, Kind: baremetal.EventRefused, Step: baremetal.EventLogin,
			Detail: fmt.Sprintf("iSCSI login of %.223s from %s to %.223s: %.200s", n.event.Initiator, n.event.Remote.Addr(), n.event.Target, n.event.Reason)}), nil
	}
	kind := next(n.event, history)
	if kind == baremetal.EventLogout && (e.stopping.Load() || !exported || e.alive(n.event.Initiator)) {
		kind = "" // it is we who go, "detach" has told it, or another session stays
	}
	if kind == "" || node == "" {
		return baremetal.Event{}, nil
	}
	return baremetal.Event{Node: node, Kind: kind, Detail: detail(n.event)}, nil
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

// alive tells whether an initiator still has a session.
func (e *Exports) alive(initiator string) bool {
	return slices.ContainsFunc(e.target.Sessions(), func(s iscsi.SessionInfo) bool { return s.Initiator == initiator })
}

// telling are the kinds of event that place what an initiator does in the story.
var telling = []baremetal.EventKind{
	baremetal.EventPowerOn, baremetal.EventPowerOff, baremetal.EventFile, baremetal.EventScript,
	baremetal.EventLogin, baremetal.EventFirstRead, baremetal.EventSystem, baremetal.EventUp, baremetal.EventLogout,
}

// past returns whose session it is, "" for nobody's, whether the target is exported
// still, and what that machine has done lately, the newest last.
func (e *Exports) past(ctx context.Context, event iscsi.Event) (node string, exported bool, history []baremetal.EventKind, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		if node, exported, err = owner(tx, event); err != nil || node == "" {
			return err
		}
		events, err := tx.Events(store.EventQuery{Node: node, Kinds: telling, Last: true, Limit: 64})
		for _, old := range events {
			history = append(history, old.Kind)
		}
		return err
	})
	return node, exported, history, err
}

// owner finds the node by the target it wants, or by the name it goes by.
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

// next is the chapter that an initiator's doing adds to the story of its machine,
// "" for none: each is told once in a boot, but for a login after the logout. A boot begins where the machine was
// switched or fetched its boot program or script. Asking the log instead of
// remembering lets the story go on after we have been restarted in its middle.
func next(e iscsi.Event, history []baremetal.EventKind) baremetal.EventKind {
	history = thisBoot(history)
	told := func(kind baremetal.EventKind) bool { return slices.Contains(history, kind) }
	once := func(kind baremetal.EventKind) baremetal.EventKind {
		if told(kind) {
			return ""
		}
		return kind
	}
	switch e.Kind {
	case iscsi.Login:
		if len(history) > 0 && history[len(history)-1] == baremetal.EventLogout {
			return baremetal.EventSystem // the machine renews its session; its boot goes on
		}
		if firmware(e.ISID) || !told(baremetal.EventLogin) {
			return once(baremetal.EventLogin)
		}
		return once(baremetal.EventSystem)
	case iscsi.FirstRead:
		if told(baremetal.EventLogin) {
			return once(baremetal.EventFirstRead)
		}
	case iscsi.FirstWrite:
		if !firmware(e.ISID) && told(baremetal.EventSystem) {
			return once(baremetal.EventUp)
		}
	case iscsi.Logout, iscsi.Closed: // firmware just vanishes when it hands over
		if told(baremetal.EventSystem) && history[len(history)-1] != baremetal.EventLogout {
			return baremetal.EventLogout
		}
	}
	return ""
}

// thisBoot is the end of history in which the machine has been switched no more.
func thisBoot(history []baremetal.EventKind) []baremetal.EventKind {
	for i, kind := range slices.Backward(history) {
		switch kind {
		case baremetal.EventPowerOn, baremetal.EventPowerOff, baremetal.EventFile, baremetal.EventScript:
			return history[i+1:]
		}
	}
	return history
}

// firmware tells iPXE by its ISID, which is in the form of an IANA enterprise number
// (RFC 7143 section 11.12.5) and has that of Fen Systems, 10019. Other firmware is
// known by being first.
func firmware(id iscsi.ISID) bool { return [4]byte(id[:4]) == [4]byte{0x40, 0x00, 0x27, 0x23} }

// limiter passes one event in so much time for each node, and says how many it kept
// back. It is for one goroutine.
type limiter struct {
	every time.Duration
	last  map[string]*passed
}

type passed struct {
	at   time.Time
	kept int // events since
}

// pass returns e, or nothing while it is too early for another.
func (l *limiter) pass(e baremetal.Event) baremetal.Event {
	if l.last == nil || len(l.last) > 10_000 {
		l.last = map[string]*passed{}
	}
	key := e.Node + string(e.Kind)
	p := l.last[key]
	if p != nil && time.Since(p.at) < l.every {
		p.kept++
		return baremetal.Event{}
	}
	if p != nil && p.kept > 0 {
		e.Detail += fmt.Sprintf(" (and %d more like it before)", p.kept)
	}
	l.last[key] = &passed{at: time.Now()}
	return e
}
