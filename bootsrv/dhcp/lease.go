package dhcp

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	leaseTime  = time.Hour
	bootpTime  = 24 * time.Hour
	holdTime   = time.Minute // of an offer without a request
	quarantine = time.Hour   // an address that a client found in use
)

var errExhausted = errors.New("every address of the range is in use")

// pool is the addresses of one interface.
type pool struct {
	iface string
	addrs Range
	own   netip.Addr     // ours, never leased
	fixed netip.Addr     // of the machine that asks, outside of addrs; invalid for none
	next  *atomic.Uint32 // where in the range a free address is likely to be; nil: nowhere
}

func (p pool) has(a netip.Addr) bool {
	return p.addrs.Contains(a) && a != p.own || a.IsValid() && a == p.fixed
}

// keeps reports whether a machine that starts anew keeps an address that it has: one with an
// address of its own moves there, but not while it runs.
func (p pool) keeps(a netip.Addr) bool { return p.has(a) && (!p.fixed.IsValid() || a == p.fixed) }

// hold leases an address to mac for at least d and returns the lease: its old address, else
// the one it wants, else a free one. The caller commits before it sends the answer.
func (p pool) hold(tx *store.Tx, mac string, want netip.Addr, enrolled bool, d time.Duration) (*baremetal.Lease, error) {
	leases := tx.Leases()
	lease, err := leases.Get(mac)
	fresh := errors.Is(err, baremetal.ErrNotFound)
	if err != nil && !fresh {
		return nil, err
	}
	if fresh {
		lease = &baremetal.Lease{MAC: mac}
	}
	if fresh || !p.has(lease.Address) || want == p.fixed && !p.keeps(lease.Address) {
		victim, address, err := p.find(tx, want, enrolled)
		if err != nil {
			return nil, err
		}
		if victim != "" {
			if err := leases.Delete(victim); err != nil {
				return nil, err
			}
		}
		lease.Address, lease.Expires = address, time.Time{}
	}
	lease.Interface, lease.Observed = p.iface, false
	if until := tx.Now().Add(d); lease.Expires.Before(until) {
		lease.Expires = until
	}
	if fresh {
		return lease, leases.Insert(lease)
	}
	return lease, leases.Update(lease)
}

// find chooses an address for a machine without one. victim is as in [pool.choose].
func (p pool) find(tx *store.Tx, want netip.Addr, enrolled bool) (victim string, address netip.Addr, err error) {
	kept := 0
	if want.IsValid() && want == p.fixed {
		return p.vacate(tx, want)
	}
	if enrolled && p.next != nil {
		if address, err = p.likely(tx, want); address.IsValid() || err != nil {
			return "", address, err
		}
	}
	all, err := tx.Leases().List(store.Query{})
	if err != nil {
		return "", address, err
	}
	if !enrolled {
		if kept, err = p.kept(tx, all); err != nil {
			return "", address, err
		}
	}
	if victim, address = p.choose(all, want, enrolled, kept, tx.Now()); !address.IsValid() {
		return "", address, errExhausted
	}
	return victim, address, nil
}

// vacate makes an address of one machine alone free for it; victim is as in [pool.choose].
func (p pool) vacate(tx *store.Tx, a netip.Addr) (victim string, address netip.Addr, err error) {
	held, err := tx.Leases().Find(a.String())
	if held != nil {
		victim = held.MAC
	}
	return victim, a, err
}

// likely looks for a free address where one is likely, so that a thousand machines that ask
// at once do not read a thousand leases each. It may find none.
func (p pool) likely(tx *store.Tx, want netip.Addr) (netip.Addr, error) {
	if p.has(want) {
		if l, err := tx.Leases().Find(want.String()); l == nil || err != nil {
			return want, err
		}
	}
	for range 4 {
		a := p.addrs.at(p.next.Load())
		if !p.has(a) {
			p.next.Store(0)
			a = p.addrs.First
		}
		p.next.Add(1)
		if a == p.own {
			continue
		}
		if l, err := tx.Leases().Find(a.String()); l == nil || err != nil {
			return a, err
		}
	}
	return netip.Addr{}, nil
}

// kept returns how many addresses are kept for enrolled machines: one for each card without
// a lease, up to half of the range.
func (p pool) kept(tx *store.Tx, all []*baremetal.Lease) (int, error) {
	leased := make(map[string]bool, len(all))
	for _, l := range all {
		leased[l.MAC] = !l.Observed && p.has(l.Address)
	}
	n, most := 0, p.addrs.size()/2
	err := tx.Ports().Each(store.Query{}, func(port *baremetal.Port) error {
		if !leased[port.Address] {
			n++
		}
		return nil
	})
	return min(n, most), err
}

// choose finds an address for a machine without one: the one it wants if that is free, else
// the first free one, else the one that expired first. A stranger gets none of the last kept
// ones. If none has expired, an enrolled machine takes the oldest offer that a stranger has
// not accepted, so that a flood of strangers cannot keep it out. victim is the MAC address
// of the lease to delete.
func (p pool) choose(all []*baremetal.Lease, want netip.Addr, enrolled bool, kept int, now time.Time) (victim string, address netip.Addr) {
	taken := make(map[netip.Addr]*baremetal.Lease, len(all))
	for _, l := range all {
		taken[l.Address] = l
	}
	var free netip.Addr
	var oldest *baremetal.Lease
	usable := 0
	for a := p.addrs.First; p.addrs.Contains(a); a = a.Next() {
		l := taken[a]
		if a != p.own && (l == nil || !l.Expires.After(now)) {
			usable++
		}
		switch {
		case a == p.own:
		case l == nil && (!free.IsValid() || a == want):
			free = a
		case l == nil:
		case l.Expires.After(now) && !(enrolled && unaccepted(l)):
		case oldest == nil || l.Expires.Before(oldest.Expires):
			oldest = l
		}
	}
	switch {
	case !enrolled && usable <= kept:
		return "", netip.Addr{}
	case free.IsValid():
		return "", free
	case oldest == nil:
		return "", netip.Addr{}
	}
	return oldest.MAC, oldest.Address
}

// unaccepted reports whether a lease is only an offer: its duration is that of an offer.
func unaccepted(l *baremetal.Lease) bool {
	return !l.Observed && l.Expires.Sub(l.UpdatedAt) <= holdTime
}

// release ends mac's lease of a, but keeps the row: the machine keeps its address until
// another needs it.
func release(tx *store.Tx, mac string, a netip.Addr) error {
	lease, err := tx.Leases().Get(mac)
	if errors.Is(err, baremetal.ErrNotFound) || err == nil && lease.Address != a {
		return nil
	}
	if err != nil {
		return err
	}
	lease.Expires = tx.Now()
	return tx.Leases().Update(lease)
}

// decline quarantines a for an hour: mac has found another host there. ok reports whether
// mac had the lease.
func (p pool) decline(tx *store.Tx, mac string, a netip.Addr) (ok bool, err error) {
	lease, err := tx.Leases().Get(mac)
	if errors.Is(err, baremetal.ErrNotFound) || err == nil && (lease.Address != a || lease.Observed) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := tx.Leases().Delete(mac); err != nil {
		return false, err
	}
	return true, tx.Leases().Insert(&baremetal.Lease{
		MAC: "declined " + a.String(), Address: a, Interface: p.iface, Expires: tx.Now().Add(quarantine),
	})
}

// observe records that another server leased a to mac. It does not displace the live lease
// of another machine: that is returned as held.
func (p pool) observe(tx *store.Tx, mac string, a netip.Addr) (held *baremetal.Lease, err error) {
	leases := tx.Leases()
	other, err := leases.Find(a.String())
	switch {
	case err != nil:
		return nil, err
	case other == nil || other.MAC == mac:
	case other.Expires.After(tx.Now()):
		return other, nil
	default:
		if err := leases.Delete(other.MAC); err != nil {
			return nil, err
		}
	}
	return nil, p.note(tx, mac, a)
}

// note writes the observed lease of a for mac. No other machine may have a lease of a.
func (p pool) note(tx *store.Tx, mac string, a netip.Addr) error {
	leases := tx.Leases()
	seen := &baremetal.Lease{MAC: mac, Address: a, Interface: p.iface, Observed: true, Expires: tx.Now().Add(leaseTime)}
	_, err := leases.Get(mac)
	if errors.Is(err, baremetal.ErrNotFound) {
		return leases.Insert(seen)
	}
	if err != nil {
		return err
	}
	return leases.Update(seen)
}
