package ipmi

import (
	"sync"
	"time"
)

// recordsTime is how long the records of a BMC are believed: not every BMC says when they change.
const recordsTime = time.Hour

// keptRecords are the records of one BMC as they were read last. To read them takes a BMC far longer than to read
// its sensors.
type keptRecords struct {
	mu    sync.Mutex
	stamp string // of the repository: the number of records, and when they changed
	list  []sdr
	until time.Time
}

// get returns the records with this stamp; ok is false where they must be read.
func (k *keptRecords) get(stamp string, now time.Time) (list []sdr, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if stamp == "" || stamp != k.stamp || now.After(k.until) {
		return nil, false
	}
	return k.list, true
}

func (k *keptRecords) put(stamp string, list []sdr, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stamp, k.list, k.until = stamp, list, now.Add(recordsTime)
}

// recordsOf returns those of the BMC at an address.
func (d *Driver) recordsOf(address string) *keptRecords {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.records[address]
	if !ok {
		k = &keptRecords{}
		d.records[address] = k
	}
	return k
}
