package conductor

import (
	"context"
	"errors"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// syncTime bounds the query of one BMC.
const syncTime = 30 * time.Second

// powerSync asks the BMCs for the power state of their machines, round by round. What it
// remembers, Ironic's conductor remembers too, and forgets with a restart too.
type powerSync struct {
	*Conductor
	rounds
	patience time.Duration // with one BMC

	counting sync.Mutex
	failed   map[string]int // by node: failed queries in a row
}

func newPowerSync(c *Conductor) *powerSync {
	s := &powerSync{Conductor: c, patience: syncTime, failed: map[string]int{}}
	s.rounds.begin(c.Store, c.PowerInterval/4)
	return s
}

// unsynced are the states in which the machine is in the hands of its ramdisk, or not ours yet.
var unsynced = []baremetal.ProvisionState{baremetal.Enroll, baremetal.AdoptFailed, baremetal.DeployWait, baremetal.CleanWait}

// round begins a query of every machine, in random order and one after another, and does not
// wait for answers. A machine that has not answered since the last round is left out.
func (s *powerSync) round(ctx context.Context) error {
	filters := []store.Filter{{Column: "reservation", Match: store.Null}, {Column: "maintenance", Value: false}}
	for _, state := range unsynced {
		filters = append(filters, store.Filter{Column: "provision_state", Match: store.NotEqual, Value: string(state)})
	}
	return s.each(ctx, filters, s.observe)
}

// ask queries one machine; known is false if its driver cannot be asked.
func (s *powerSync) ask(ctx context.Context, n *baremetal.Node) (state baremetal.PowerState, known bool, err error) {
	power, err := s.powerOf(n, "power")
	if err != nil || power.Validate(n) != nil {
		return "", false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	state, err = power.State(ctx, n)
	return state, state != "" || err != nil, err
}

// observe queries one machine. If the answer differs from the recorded state, it reserves
// the node and queries again, so that it never interferes with a verb. It takes no worker
// from the verbs: after a power cut every machine differs.
func (s *powerSync) observe(ctx context.Context, n *baremetal.Node) {
	state, known, err := s.ask(ctx, n)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		s.Log.Warn("ask for power state", "node", n.UUID, "error", err)
		s.fail(ctx, n, err)
		return
	}
	s.forget(n.UUID)
	if !known || state == n.PowerState {
		return
	}
	if err := s.correct(ctx, n); err != nil && !errors.Is(err, errOvertaken) && !errors.Is(err, baremetal.ErrLocked) {
		s.Log.Error("record power state", "node", n.UUID, "error", err)
	}
}

// errOvertaken stops a correction: a verb has been faster.
var errOvertaken = errors.New("the power state has been recorded since")

// correct reserves the node whose recorded power state is wrong, and records the right one.
func (s *powerSync) correct(ctx context.Context, n *baremetal.Node) error {
	uuid, err := s.reserve(ctx, n.UUID, func(_ *store.Tx, now *baremetal.Node) error {
		if now.PowerState != n.PowerState {
			return errOvertaken
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(s.recordPower(ctx, n), s.release(uuid))
}

// recordPower records the power state of a reserved node. If the machine is off, its
// volumes are detached as if Ironhook had switched it off.
func (s *powerSync) recordPower(ctx context.Context, n *baremetal.Node) error {
	state, known, err := s.ask(ctx, n)
	if err != nil || !known || state == n.PowerState {
		return err
	}
	event := baremetal.Event{Kind: baremetal.EventPowerOn, Detail: "seen on; not switched by Ironhook"}
	if state == baremetal.PowerOff {
		event = baremetal.Event{Kind: baremetal.EventPowerOff, Detail: "seen off; not switched by Ironhook"}
		s.withdraw(ctx, n)
	}
	return s.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, state, now)
		return []baremetal.Event{event}
	})
}
