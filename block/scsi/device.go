package scsi

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxLUNs is how many logical units a device holds at most: what peripheral
// device addressing can name.
const MaxLUNs = 256

// Device is a SCSI target device: its logical units, the nexuses with its
// initiators, and what is owed to each of them. All methods are safe for
// concurrent use. It starts no goroutine and reads no clock.
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

// SetLUN puts a unit at a number, which must be below MaxLUNs, or takes it away if
// l is nil. Every initiator gets unit attention 3F/0E with its next command.
// The unit that was there must have no command in flight: its Disk may be closed
// afterwards.
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

// units are the units there are, by number.
func (d *Device) units() iter.Seq2[int, *LUN] {
	return func(yield func(int, *LUN) bool) {
		for i := range d.luns {
			if l := d.luns[i].Load(); l != nil && !yield(i, l) {
				return
			}
		}
	}
}

// Nexus is the relation of one initiator port with a device: what SAM calls an
// I_T nexus. It carries the unit attentions owed to that initiator.
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

// Logout ends a nexus: RESERVE(6) and (10) it holds are released, persistent
// reservations stay. The transport calls it after the last command of the
// nexus has returned.
func (d *Device) Logout(n *Nexus) {
	d.mu.Lock()
	d.nexuses = slices.DeleteFunc(d.nexuses, func(m *Nexus) bool { return m == n })
	d.mu.Unlock()
	for _, l := range d.units() {
		l.nexusLost(n)
	}
}

// raise owes an attention for a unit to every nexus but the one that knows.
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

// unit finds the logical unit a LUN names, nil if there is none.
func (d *Device) unit(lun uint64) *LUN {
	if lun = CanonicalLUN(lun); lun<<16 != 0 || lun>>48 >= MaxLUNs {
		return nil
	}
	return d.luns[lun>>48].Load()
}

// CanonicalLUN is the one name of a unit that can be named in several ways: what
// flat space addressing calls n, peripheral device addressing calls n too, as far as
// it reaches (SAM-5). All else stays as it is.
func CanonicalLUN(lun uint64) uint64 {
	const flat = 1
	if n := lun << 2 >> 50; lun>>62 == flat && lun<<16 == 0 && n < MaxLUNs {
		return n << 48
	}
	return lun
}
