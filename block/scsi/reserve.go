package scsi

import "slices"

// kind is the type of a persistent reservation.
type kind byte

const (
	writeExclusive                 kind = 1
	exclusiveAccess                kind = 3
	writeExclusiveRegistrantsOnly  kind = 5
	exclusiveAccessRegistrantsOnly kind = 6
	writeExclusiveAllRegistrants   kind = 7
	exclusiveAccessAllRegistrants  kind = 8
)

// kinds lists for each type what initiators other than the holder may do.
var kinds = map[kind]struct {
	othersRead  bool // exclusive access keeps even readers out
	registrants bool // registrants have full access
	everyone    bool // every registrant is a holder
}{
	writeExclusive:                 {othersRead: true},
	exclusiveAccess:                {},
	writeExclusiveRegistrantsOnly:  {othersRead: true, registrants: true},
	exclusiveAccessRegistrantsOnly: {registrants: true},
	writeExclusiveAllRegistrants:   {othersRead: true, registrants: true, everyone: true},
	exclusiveAccessAllRegistrants:  {registrants: true, everyone: true},
}

// registration is an initiator port and the key it is registered with.
type registration struct {
	Port string
	Key  uint64
}

// persistent is the state that PERSISTENT RESERVE OUT changes, as a value: each
// change is made to a copy, which then takes its place.
type persistent struct {
	generation  uint32
	registrants []registration // in the order they came
	kind        kind           // of the reservation, 0 if there is none
	holder      string         // port; empty if every registrant holds it
	keep        bool           // APTPL: kept over a restart
}

func (p persistent) clone() persistent {
	p.registrants = slices.Clone(p.registrants)
	return p
}

// key returns the key that a port is registered with, and whether it is registered.
func (p *persistent) key(port string) (uint64, bool) {
	i := slices.IndexFunc(p.registrants, func(r registration) bool { return r.Port == port })
	if i < 0 {
		return 0, false
	}
	return p.registrants[i].Key, true
}

// holds reports whether a port holds the reservation.
func (p *persistent) holds(port string) bool {
	if p.kind == 0 {
		return false
	}
	if kinds[p.kind].everyone {
		_, registered := p.key(port)
		return registered
	}
	return p.holder == port
}

// admit reports whether the reservation allows a port that access.
func (p *persistent) admit(port string, a access) bool {
	if p.kind == 0 || a < reading || a == reserving || p.holds(port) {
		return true
	}
	k := kinds[p.kind]
	if k.registrants {
		if _, registered := p.key(port); registered {
			return true
		}
	}
	return a == reading && k.othersRead
}

// reservations are the reservations of a unit: persistent ones, and the older RESERVE,
// which excludes them.
type reservations struct {
	persistent
	legacy *Nexus // holder of RESERVE(6) or (10)
	keeper Keeper
}

func (r *reservations) admit(n *Nexus, a access) bool {
	if r.legacy != nil && r.legacy != n && a != harmless {
		return false
	}
	return r.persistent.admit(n.port, a)
}

// reserve is RESERVE(6) and (10): the unit as a whole, for one nexus, until it
// releases it, logs out or the unit is reset.
func (t task) reserve() ([]byte, error) {
	if len(t.lun.reservations.registrants) > 0 {
		return nil, errConflict // the two do not mix
	}
	t.lun.reservations.legacy = t.nexus
	return nil, nil
}

// release is RELEASE(6) and (10). From an initiator that holds nothing it has no effect and
// is not an error.
func (t task) release() ([]byte, error) {
	if len(t.lun.reservations.registrants) > 0 {
		return nil, errConflict
	}
	if t.lun.reservations.legacy == t.nexus {
		t.lun.reservations.legacy = nil
	}
	return nil, nil
}
