package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits of guessing passwords, by address.
const (
	freeTries  = 5                // before waiting begins
	longest    = time.Minute      // wait between tries
	forgetting = 15 * time.Minute // without a try, and all is forgiven
	maxClients = 4096             // addresses remembered
)

// tries counts failed logins by address.
type tries struct {
	mu   sync.Mutex
	from map[netip.Addr]*try
}

type try struct {
	count int
	next  time.Time // no earlier than this
	last  time.Time
}

// take counts a try from addr, or returns how long addr must wait for the next.
// It is counted before the password is looked at, so that many at once gain
// nothing; forgive takes it back.
func (t *tries) take(addr netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.from[addr]
	if one == nil || now.Sub(one.last) > forgetting {
		t.makeRoom(now)
		one = &try{}
		t.from[addr] = one
	}
	if wait := one.next.Sub(now); wait > 0 {
		return wait
	}
	one.last = now
	one.count++
	if over := one.count - freeTries; over >= 0 {
		one.next = now.Add(min(longest, time.Second<<min(over, 6)))
	}
	return 0
}

// forgive forgets the tries from addr: its owner knew the password.
func (t *tries) forgive(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.from, addr)
}

// makeRoom drops what is forgotten anyway, and failing that the oldest.
func (t *tries) makeRoom(now time.Time) {
	if len(t.from) < maxClients {
		return
	}
	var oldest netip.Addr
	for addr, one := range t.from {
		if now.Sub(one.last) > forgetting {
			delete(t.from, addr)
		} else if o := t.from[oldest]; o == nil || one.last.Before(o.last) {
			oldest = addr
		}
	}
	if len(t.from) >= maxClients {
		delete(t.from, oldest)
	}
}

// clientAddr is the address that r's tries are counted under. All of an IPv6 /64
// is one, for a host may take any address in it.
func clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap().WithZone("")
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr
}
