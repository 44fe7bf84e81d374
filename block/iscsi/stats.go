package iscsi

import (
	"cmp"
	"slices"
	"time"

	"ironhook/block"
	"ironhook/block/scsi"
)

// SessionInfo describes one session.
type SessionInfo struct {
	block.Session
	ISID    ISID
	Digests Digests
}

// count counts an answered command. A unit has counters once a command to it has succeeded.
func (s *Session) count(t *Task, r *scsi.Result, took time.Duration) {
	c := s.stats[t.unit]
	if c == nil {
		if c = new(block.LUNStats); r.Status == scsi.Good && len(s.stats) < scsi.MaxLUNs {
			c.LUN = t.unit
			s.stats[t.unit] = c
		}
	}
	done := block.Command{Failed: r.Status != scsi.Good, Reads: t.plan.In > 0, Writes: t.plan.Out > 0, Bytes: len(t.out), Took: took}
	if done.Reads {
		done.Bytes = len(r.In)
	}
	c.Count(done)
}

// Stats returns the counters of every logical unit that was used, by number.
func (s *Session) Stats() []block.LUNStats {
	all := make([]block.LUNStats, 0, len(s.stats))
	for lun, c := range s.stats {
		c := *c
		for _, t := range s.tasks {
			if t.unit == lun && !t.aborted {
				c.InFlight++
			}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b block.LUNStats) int { return cmp.Compare(a.LUN, b.LUN) })
	return all
}
