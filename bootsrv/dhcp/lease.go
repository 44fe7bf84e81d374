package dhcp

import (
	"errors"
	"net/netip"
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
	own   netip.Addr // ours, never leased
}

func (p pool) has(a netip.Addr) bool { return p.addrs.Contains(a) && a != p.own }

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
	if fresh || !p.has(lease.Address) {
		all, err := leases.List(store.Query{})
		if err != nil {
			return nil, err
		}
		victim, address := p.choose(all, want, enrolled, tx.Now())
		if !address.IsValid() {
			return nil, errExhausted
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

// choose finds an address for a machine without one: the one it wants if that is free, else
// the first free one, else the one that expired first. If none has expired, an enrolled
// machine takes the oldest offer that a stranger has not accepted, so that a flood of
// strangers cannot keep it out. victim is the MAC address of the lease to delete.
func (p pool) choose(all []*baremetal.Lease, want netip.Addr, enrolled bool, now time.Time) (victim string, address netip.Addr) {
	taken := make(map[netip.Addr]*baremetal.Lease, len(all))
	for _, l := range all {
		taken[l.Address] = l
	}
	if p.has(want) && taken[want] == nil {
		return "", want
	}
	var oldest *baremetal.Lease
	for a := p.addrs.First; p.addrs.Contains(a); a = a.Next() {
		l := taken[a]
		switch {
		case a == p.own:
		case l == nil:
			return "", a
		case l.Expires.After(now) && !(enrolled && unaccepted(l)):
		case oldest == nil || l.Expires.Before(oldest.Expires):
			oldest = l
		}
	}
	if oldest == nil {
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
