package scsi

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxLUNs is the limit of logical units of a device: those that peripheral device
// addressing can name.
const MaxLUNs = 256

// Device is a SCSI target device: its logical units, the nexuses with its initiators, and
// the unit attentions pending for each of them. All methods are safe for concurrent use. It
// starts no goroutine and reads no clock.
type Device struct {
	name     string
	commands *catalog
	luns     [MaxLUNs]atomic.Pointer[LUN]

	mu      sync.RWMutex
	nexuses []*Nexus
}

// NewDevice makes a target device of that iSCSI name, with the units, at most
// MaxLUNs, at LUN 0 and up. A unit belongs to one device only.
func NewDevice(name string, luns ...*LUN) *Device {
	d := &Device{name: name, commands: commands}
	for i, l := range luns {
		d.SetLUN(i, l)
	}
	return d
}

// SetLUN sets the unit with a number, which must be below MaxLUNs, or removes it if l is
// nil. Every initiator gets unit attention 3F/0E with its next command. The unit that was
// there must have no command in flight; its Disk may be closed afterwards.
func (d *Device) SetLUN(number int, l *LUN) {
	if l != nil {
		l.number = number
		l.device.Store(d)
	}
	d.luns[number].Store(l)
	for i := range d.units() {
		d.raise(i, reportedLUNsChanged, nil)
	}
}

// units iterates over the units in the order of their numbers.
func (d *Device) units() iter.Seq2[int, *LUN] {
	return func(yield func(int, *LUN) bool) {
		for i := range d.luns {
			if l := d.luns[i].Load(); l != nil && !yield(i, l) {
				return
			}
		}
	}
}

// Nexus is the relation of one initiator port with a device: what SAM calls an I_T nexus.
// It carries the unit attentions that are pending for that initiator.
type Nexus struct {
	port      string
	attention [MaxLUNs]attention
}

// InitiatorPort is the name the nexus was made with.
func (n *Nexus) InitiatorPort() string { return n.port }

// Login makes a nexus. The initiator port's name is its SCSI name string, for
// iSCSI "iqn.1994-05.org.example:host,i,0x00023d000001" (RFC 7143 §4.4.1):
// persistent reservations know their holders by it across sessions.
func (d *Device) Login(initiatorPort string) *Nexus {
	n := &Nexus{port: initiatorPort}
	for i := range n.attention {
		n.attention[i].raise(powerOn)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nexuses = append(d.nexuses, n)
	return n
}

// Logout ends a nexus: its RESERVE(6) and (10) reservations are released, persistent
// reservations stay. The transport calls it after the last command of the nexus has
// returned.
func (d *Device) Logout(n *Nexus) {
	d.mu.Lock()
	d.nexuses = slices.DeleteFunc(d.nexuses, func(m *Nexus) bool { return m == n })
	d.mu.Unlock()
	for _, l := range d.units() {
		l.nexusLost(n)
	}
}

// raise raises an attention of a unit for every nexus except the one given.
func (d *Device) raise(number int, c condition, except *Nexus) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, n := range d.nexuses {
		if n != except {
			n.attention[number].raise(c)
		}
	}
}

// Has reports whether there is a unit at a LUN.
func (d *Device) Has(lun uint64) bool { return d.unit(lun) != nil }

// unit returns the logical unit of a LUN, or nil.
func (d *Device) unit(lun uint64) *LUN {
	if lun = CanonicalLUN(lun); lun<<16 != 0 || lun>>48 >= MaxLUNs {
		return nil
	}
	return d.luns[lun>>48].Load()
}

// CanonicalLUN returns the same value for all the ways to address one unit: flat space
// addressing of unit n becomes peripheral device addressing of n, as far as that reaches
// (SAM-5). Any other LUN is returned unchanged.
func CanonicalLUN(lun uint64) uint64 {
	const flat = 1
	if n := lun << 2 >> 50; lun>>62 == flat && lun<<16 == 0 && n < MaxLUNs {
		return n << 48
	}
	return lun
}
