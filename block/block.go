// Package block defines the terms that the transports of disks share. A transport, such as
// package iscsi, carries SCSI commands from initiators to the devices of package scsi. It
// asks for a [Grant] at every login and describes what it serves as a [Session], so that
// neither the store of grants nor the view of sessions depends on one protocol.
package block

import (
	"errors"
	"math/bits"
	"net/netip"
	"time"

	"ironhook/block/scsi"
)

// Reasons for a refused login. The function that looks up a [Grant] wraps them. Any other
// error means that the target is at fault and that the initiator may try again: a broken
// store never looks like an unknown disk.
var (
	ErrNoTarget  = errors.New("no such target")
	ErrForbidden = errors.New("initiator not allowed")
)

// Grant is what one initiator may open, and what it has to prove first.
type Grant struct {
	// Device is the SCSI device that the target name stands for. All sessions of the
	// name share it.
	Device *scsi.Device

	// User and Secret are what the initiator proves. With an empty User no proof is
	// asked for.
	User, Secret string

	// MutualUser and MutualSecret are what the target proves to an initiator that
	// challenges it. The two secrets must differ, or an initiator could send the
	// target's own proof back (RFC 7143 §9.2.1).
	MutualUser, MutualSecret string
}

// Session describes one session and counts what it has done so far.
type Session struct {
	Initiator string
	Target    string // empty for discovery
	Remote    netip.AddrPort
	Since     time.Time
	LUNs      []LUNStats // of the units that were used, by number
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

// Count adds one answered command: the outcome, the bytes that it moved each way if it
// reads or writes the medium, and the time from its arrival to its answer.
func (s *LUNStats) Count(r Command) {
	switch {
	case r.Failed:
		s.Errors++
		s.Others++
	case r.Reads:
		s.Reads++
		s.ReadBytes += uint64(r.Bytes)
	case r.Writes:
		s.Writes++
		s.WrittenBytes += uint64(r.Bytes)
	default:
		s.Others++
	}
	s.Time += r.Took
	s.Latency[min(bits.Len64(uint64(r.Took.Microseconds())), len(s.Latency)-1)]++
}

// Command is what [LUNStats] counts of an answered command.
type Command struct {
	Failed        bool // answered otherwise than GOOD
	Reads, Writes bool // data of the medium
	Bytes         int  // of data moved
	Took          time.Duration
}

// LatencyBound returns what the commands of bucket i of [LUNStats.Latency] took less than:
// 2^i microseconds.
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
