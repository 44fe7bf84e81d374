package ipmi

import (
	"slices"
	"sync"
	"time"
)

// recordsTime is how long the records of a BMC are believed: not every BMC says when they change.
const recordsTime = time.Hour

// sensorRecords is what the records of a BMC say of its sensors.
type sensorRecords struct {
	numbers []sdr           // of those whose readings are numbers
	names   map[byte]string // of all that have one, by number
}

// of finds the record of a sensor whose readings are numbers.
func (r sensorRecords) of(number byte) (sdr, bool) {
	i := slices.IndexFunc(r.numbers, func(s sdr) bool { return s.number == number })
	if i < 0 {
		return sdr{}, false
	}
	return r.numbers[i], true
}

// keptRecords are the records of one BMC as they were read last. To read them takes a BMC far longer than to read
// its sensors.
type keptRecords struct {
	mu    sync.Mutex
	stamp string // of the repository: the number of records, and when they changed
	list  sensorRecords
	until time.Time
}

// get returns the records with this stamp; ok is false where they must be read.
func (k *keptRecords) get(stamp string, now time.Time) (list sensorRecords, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if stamp == "" || stamp != k.stamp || now.After(k.until) {
		return sensorRecords{}, false
	}
	return k.list, true
}

func (k *keptRecords) put(stamp string, list sensorRecords, now time.Time) {
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
