package dhcp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"ironhook/baremetal"
)

// How often mode auto looks for another server. A port of a spanning tree lets
// nothing through for up to 30 seconds after it came up, so the first looks may
// have been in vain.
var (
	settling = []time.Duration{15 * time.Second, 20 * time.Second} // after it became full
	settled  = 5 * time.Minute                                     // after those, as full
	beside   = 30 * time.Second                                    // as proxy
)

const (
	silences = 2                // looks without an answer before addresses are leased again
	breather = 10 * time.Second // between two looks, however many requests call for one
)

// sight is what the looks have shown so far.
type sight struct {
	mode   Mode
	looks  int // since mode was taken
	silent int // of them in a row, the last ones
}

// wait is the time until the next look.
func (v sight) wait() time.Duration {
	switch {
	case v.mode == Proxy:
		return beside
	case v.looks < len(settling):
		return settling[v.looks]
	}
	return settled
}

// saw takes the result of one look, the other server or an invalid address, and
// reports whether the mode is another one now.
func (v *sight) saw(other netip.Addr) bool {
	v.looks++
	v.silent++
	if other.IsValid() {
		v.silent = 0
	}
	next := v.mode
	switch {
	case other.IsValid():
		next = Proxy
	case v.silent >= silences:
		next = Full
	}
	changed := next != v.mode
	if changed {
		*v = sight{mode: next}
	}
	return changed
}

// seek looks for another server until ctx ends: from time to time, and when a
// request or the interface calls for it. What a packet says is never enough to change
// the mode; only a server that answers a question of ours is.
func (s *Server) seek(ctx context.Context) {
	v := sight{mode: s.Working()}
	if s.Unsure {
		v.silent = silences - 1
		s.Look()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.doubt:
		case <-time.After(jitter(v.wait())):
		}
		other, err := s.search(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.Log.Warn("not looked for another DHCP server", "interface", s.Interface.Name, "error", err)
		} else if v.saw(other) {
			s.turn(ctx, v.mode, other)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(breather):
		}
	}
}

// Look makes a server in mode auto look for another one soon. It returns at once.
func (s *Server) Look() {
	select {
	case s.doubt <- struct{}{}:
	default: // called for already
	}
}

// search is one look. A server that would make us step back is asked twice, so that
// no single packet can have been it.
func (s *Server) search(ctx context.Context) (netip.Addr, error) {
	other, err := s.probe(ctx)
	if err != nil || !other.IsValid() || s.proxy.Load() {
		return other, err
	}
	return s.probe(ctx)
}

// turn takes another mode, and tells of it.
func (s *Server) turn(ctx context.Context, to Mode, other netip.Addr) {
	detail := fmt.Sprintf("another DHCP server, %s, leases addresses on %s; now proxy there", other, s.Interface.Name)
	if to == Full {
		detail = fmt.Sprintf("no other DHCP server answers on %s; now full there", s.Interface.Name)
	}
	s.proxy.Store(to == Proxy)
	s.Log.Warn(detail)
	err := s.Store.Append(ctx, baremetal.Event{Kind: baremetal.EventNetwork, Detail: detail})
	if err != nil && ctx.Err() == nil {
		s.Log.Error("event not written", "detail", detail, "error", err)
	}
}

// jitter keeps two appliances that yield to each other from doing so for ever.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }
