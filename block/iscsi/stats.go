package iscsi

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"ironhook/block/scsi"
)

// SessionInfo describes one session and what it has done so far.
type SessionInfo struct {
	Initiator string
	ISID      ISID
	Target    string // empty for discovery
	Remote    netip.AddrPort
	Since     time.Time
	Digests   Digests
	LUNs      []LUNStats
}

// LUNStats counts what a session did with one logical unit.
type LUNStats struct {
	LUN                     uint64 // the eight bytes of SAM-5 §4.7
	Reads, Writes, Others   uint64 // commands answered
	ReadBytes, WrittenBytes uint64
	Errors                  uint64 // of the commands, those not answered GOOD
	InFlight                int    // commands now

	Time time.Duration // from arrival to answer, all commands together

	// Latency counts commands by the time from their arrival to their answer:
	// Latency[i] has those that took less than LatencyBound(i) and not less than half of
	// that; the last has all the longer ones.
	Latency [24]uint64
}

// LatencyBound is what the commands of a bucket took less than: 2^i microseconds.
func LatencyBound(i int) time.Duration { return time.Microsecond << i }

// Within returns a time that the given share of the commands took at most, 0.5 for the
// median: the bound of a bucket, so up to twice too much. It is 0 without commands.
func (s *LUNStats) Within(share float64) time.Duration {
	var all, fast uint64
	for _, n := range s.Latency {
		all += n
	}
	if all == 0 {
		return 0
	}
	for i, n := range s.Latency {
		if fast += n; float64(fast) >= share*float64(all) {
			return LatencyBound(i)
		}
	}
	return LatencyBound(len(s.Latency) - 1)
}

// count notes a command that was answered.
func (s *Session) count(t *Task, r *scsi.Result, took time.Duration) {
	c := s.stats[t.unit]
	if c == nil {
		if c = new(LUNStats); r.Status == scsi.Good && len(s.stats) < scsi.MaxLUNs {
			c.LUN = t.unit
			s.stats[t.unit] = c
		}
	}
	switch {
	case r.Status != scsi.Good:
		c.Errors++
		c.Others++
	case t.plan.In > 0:
		c.Reads++
		c.ReadBytes += uint64(len(r.In))
	case t.plan.Out > 0:
		c.Writes++
		c.WrittenBytes += uint64(len(t.out))
	default:
		c.Others++
	}
	c.Time += took
	c.Latency[min(bits.Len64(uint64(took.Microseconds())), len(c.Latency)-1)]++
}

// Stats returns the counters of every logical unit that was used, by number.
func (s *Session) Stats() []LUNStats {
	all := make([]LUNStats, 0, len(s.stats))
	for lun, c := range s.stats {
		c := *c
		for _, t := range s.tasks {
			if t.unit == lun && !t.aborted {
				c.InFlight++
			}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b LUNStats) int { return cmp.Compare(a.LUN, b.LUN) })
	return all
}
