package wol

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/driverinfo"
)

// A machine that wakes by its network card does not say whether it is on. The sources of its state are what it does on
// the network, by the name in wol_state.
const (
	stateUnknown = "unknown"
	stateSession = "session" // it has a volume of ours open, or else as with stateAnswer where there is an address
	stateAnswer  = "ping"    // its address answers
)

// witness is where the state comes from.
type witness struct {
	sessions bool
	address  string        // that answers while the machine is on; "" for none
	silence  time.Duration // of a machine that counts as off; one that restarts is shorter silent
}

// parseWitness reads wol_state and wol_ping_*.
func parseWitness(r *driverinfo.Reader) (w witness) {
	source := r.OneOf("wol_state", stateUnknown, stateSession, stateAnswer)
	w.address, w.silence = r.Text("wol_ping_address", ""), r.Seconds("wol_ping_silence", 5*time.Minute)
	if source == stateUnknown {
		return witness{}
	}
	w.sessions = source == stateSession
	if w.address == "" {
		if source == stateAnswer {
			r.Wrong("wol_state=ping needs wol_ping_address")
		}
		return w
	}
	if host, _, err := net.SplitHostPort(w.address); err != nil {
		w.address = net.JoinHostPort(w.address, "22")
	} else if host == "" {
		r.Wrong("wol_ping_address has no host")
	}
	return w
}

// State is on while the machine has a volume of this appliance open or its address answers, as wol_state says, and
// unknown without a sign of it. It is off only if an address is to answer and does not: of a machine that was seen on since it
// was last switched, for wol_ping_silence, and of one that was shut down by ssh.
func (p Power) State(ctx context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	i, err := parse(n)
	if err != nil || !i.witness.sessions && i.witness.address == "" {
		return "", err
	}
	on, err := p.isOn(ctx, n, i.witness)
	switch {
	case err != nil:
		return "", fmt.Errorf("node %s: look for its sessions: %w", n.Label(), err)
	case on:
		p.seen.on(n.UUID, time.Now())
		return baremetal.PowerOn, nil
	case i.witness.address != "" && ctx.Err() == nil && p.seen.off(n.UUID, i.witness.silence, time.Now()):
		return baremetal.PowerOff, nil
	}
	return "", ctx.Err()
}

// isOn reports whether there is a sign that the machine is on.
func (p Power) isOn(ctx context.Context, n *baremetal.Node, w witness) (bool, error) {
	if w.sessions {
		if open, err := p.session(ctx, n.UUID); open || err != nil {
			return open, err
		}
	}
	for knock := 0; w.address != "" && knock < knocks; knock++ {
		if p.answers(ctx, w.address) {
			return true, nil
		}
		if knock+1 < knocks && limit.Pause(ctx, p.pause) != nil {
			break
		}
	}
	return false, nil
}

// sightings is what is remembered of machines, by the UUID of the node, until the appliance ends.
type sightings struct {
	mu   sync.Mutex
	last map[string]time.Time // when it was seen on; the zero time: it was shut down
}

func newSightings() *sightings { return &sightings{last: map[string]time.Time{}} }

// on notes that a machine is on.
func (s *sightings) on(node string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[node] = now
}

// shut notes that a machine has been shut down.
func (s *sightings) shut(node string) { s.on(node, time.Time{}) }

// forget begins anew: the machine is being switched, and may be silent for as long as its firmware takes.
func (s *sightings) forget(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, node)
}

// off reports whether a machine without a sign of life is off.
func (s *sightings) off(node string, silence time.Duration, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, seen := s.last[node]
	return seen && (last.IsZero() || now.Sub(last) >= silence)
}
