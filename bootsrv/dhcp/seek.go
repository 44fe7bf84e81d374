package dhcp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"ironhook/baremetal"
)

// How often mode auto probes for another server. A spanning tree port forwards nothing for
// up to 30 seconds after link-up, so the first probes may be lost.
var (
	settling = []time.Duration{15 * time.Second, 20 * time.Second} // after it became full
	settled  = 5 * time.Minute                                     // after those, as full
	beside   = 30 * time.Second                                    // as proxy
)

const (
	silences = 2                // unanswered probes before addresses are leased again
	breather = 10 * time.Second // minimum time between two probes
)

// sight is the result of the probes so far.
type sight struct {
	mode   Mode
	looks  int // since mode was taken
	silent int // the last ones in a row without an answer
}

// wait is the time until the next probe.
func (v sight) wait() time.Duration {
	switch {
	case v.mode == Proxy:
		return beside
	case v.looks < len(settling):
		return settling[v.looks]
	}
	return settled
}

// saw takes the result of one probe, the other server or an invalid address, and reports
// whether the mode has changed.
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

// seek probes for another server until ctx ends: periodically, and when a request or the
// interface gives a reason. Only a server that answers a probe changes the mode, never an
// unsolicited packet.
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

// Look makes a server in mode auto probe soon. It returns at once.
func (s *Server) Look() {
	select {
	case s.doubt <- struct{}{}:
	default: // already requested
	}
}

// search is one probe. A server that would make us yield is probed twice, so that no single
// packet can do it.
func (s *Server) search(ctx context.Context) (netip.Addr, error) {
	other, err := s.probe(ctx)
	if err != nil || !other.IsValid() || s.proxy.Load() {
		return other, err
	}
	return s.probe(ctx)
}

// turn changes the mode and records it.
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

// jitter prevents two appliances from yielding to each other for ever.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }
