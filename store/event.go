package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"ironhook/baremetal"
)

// kept is how many events the log holds of enrolled machines and the appliance; the oldest
// go first. At a hundred events a boot that is enough for two thousand boots. Those of
// machines that are not enrolled have room of their own, so that nobody on the network can
// push out the history of the others.
const (
	kept          = 200_000
	keptStrangers = 20_000
)

// rooms are the two kinds of events, and how many are kept of each.
var rooms = []struct {
	of   string
	kept int
}{
	{"node IS NULL AND mac IS NOT NULL", keptStrangers},
	{"(node IS NOT NULL OR mac IS NULL)", kept},
}

// Append adds e to the log with the transaction's time and the next number.
func (tx *Tx) Append(e baremetal.Event) error {
	e.At, e.User = tx.now, cmp.Or(e.User, baremetal.UserOf(tx.ctx))
	if err := (Set[baremetal.Event]{tx, events}).Insert(&e); err != nil {
		return err
	}
	if err := tx.remember(e); err != nil {
		return err
	}
	if e.Seq%1000 != 0 {
		return nil
	}
	for _, r := range rooms {
		_, err := tx.exec("DELETE FROM events WHERE "+r.of+" AND seq <= (SELECT seq FROM events WHERE "+r.of+" ORDER BY seq DESC LIMIT "+
			"1 OFFSET ?)", r.kept)
		if err != nil {
			return fmt.Errorf("prune events: %w", err)
		}
	}
	return nil
}

// remember makes an entry of the node's history of an event that brings one, or tells of an error.
func (tx *Tx) remember(e baremetal.Event) error {
	switch {
	case e.Node == "":
		return nil
	case e.History != nil:
		e.History.User = e.User
		return tx.Record(e.History)
	case e.Kind == baremetal.EventError:
		return tx.recordError(e)
	}
	return nil
}

// Append adds events to the log in a transaction of their own.
func (s *Store) Append(ctx context.Context, events ...baremetal.Event) error {
	return s.Update(ctx, func(tx *Tx) error {
		for _, e := range events {
			if err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// EventQuery selects events of the log.
type EventQuery struct {
	After  int64                 // only events with a greater number
	Before int64                 // only events with a smaller one; 0 is any
	Since  time.Time             // only events of this time or later
	Node   string                // only this node's; "" is all
	Kinds  []baremetal.EventKind // only these; none is all
	Limit  int                   // at most so many; 0 is all
	Last   bool                  // the newest Limit instead of the oldest, still in order
}

// Events returns the events that q asks for in the order of their numbers.
func (tx *Tx) Events(q EventQuery) ([]*baremetal.Event, error) {
	where, args := "WHERE seq > ?", []any{q.After}
	if q.Before > 0 {
		where, args = where+" AND seq < ?", append(args, q.Before)
	}
	if q.Node != "" {
		where, args = where+" AND node = ?", append(args, q.Node)
	}
	if !q.Since.IsZero() {
		where, args = where+" AND at >= ?", append(args, q.Since.UnixMicro())
	}
	for i, kind := range q.Kinds {
		where += map[bool]string{true: " AND kind IN (?", false: ", ?"}[i == 0]
		args = append(args, string(kind))
	}
	if len(q.Kinds) > 0 {
		where += ")"
	}
	limit := ""
	if q.Limit > 0 {
		limit = fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	if !q.Last {
		return (Set[baremetal.Event]{tx, events}).query(where+" ORDER BY seq"+limit, args...)
	}
	return (Set[baremetal.Event]{tx, events}).query(
		"WHERE seq IN (SELECT seq FROM events "+where+" ORDER BY seq DESC"+limit+") ORDER BY seq", args...)
}

// CountEvents counts the events with a greater number, by kind, and returns the greatest number.
func (tx *Tx) CountEvents(after int64) (kinds map[baremetal.EventKind]int64, newest int64, err error) {
	rows, err := tx.query("SELECT kind, COUNT(*), MAX(seq) FROM events WHERE seq > ? GROUP BY kind", after)
	if err != nil {
		return nil, 0, err
	}
	kinds, newest = map[baremetal.EventKind]int64{}, after
	values := make([]driver.Value, 3)
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return kinds, newest, rows.Close()
		case err != nil:
			return nil, 0, errors.Join(err, rows.Close())
		}
		kind, _ := values[0].(string)
		n, _ := values[1].(int64)
		seq, _ := values[2].(int64)
		kinds[baremetal.EventKind(kind)], newest = n, max(newest, seq)
	}
}
