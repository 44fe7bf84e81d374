package conductor

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"

	"golang.org/x/sync/errgroup"
)

const (
	syncTime = 30 * time.Second // bounds the query of one BMC
	// syncQueries bounds the queries at once. They are many and light: a BMC that does not
	// answer must not delay another.
	syncQueries = 512
	// syncGap is the longest pause between the queries of two BMCs in a round. With many
	// nodes it is shorter: a round is spread over a quarter of the interval.
	syncGap = 100 * time.Millisecond
)

// powerSync asks the BMCs for the power state of their machines, round by round. What it
// remembers, Ironic's conductor remembers too, and forgets with a restart too.
type powerSync struct {
	*Conductor
	patience time.Duration  // with one BMC
	asks     errgroup.Group // the queries; they outlast their round

	mu     sync.Mutex
	asked  map[string]bool // by node: a query is under way
	failed map[string]int  // by node: failed queries in a row
}

func newPowerSync(c *Conductor) *powerSync {
	s := &powerSync{Conductor: c, patience: syncTime, asked: map[string]bool{}, failed: map[string]int{}}
	s.asks.SetLimit(syncQueries)
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

// each begins f for every node that the filters keep.
func (s *powerSync) each(ctx context.Context, filters []store.Filter, f func(context.Context, *baremetal.Node)) error {
	var nodes []*baremetal.Node
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		nodes, err = tx.Nodes().List(store.Query{Filters: filters})
		return err
	})
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	for _, n := range nodes {
		if !s.begin(n.UUID) {
			continue
		}
		s.asks.Go(func() error {
			defer s.end(n.UUID)
			f(ctx, n)
			return nil
		})
		if err := limit.Pause(ctx, min(syncGap, s.PowerInterval/4/time.Duration(len(nodes)))); err != nil {
			return err
		}
	}
	return err
}

// begin reports whether the node may be asked: nobody else is asking.
func (s *powerSync) begin(node string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[node] {
		return false
	}
	s.asked[node] = true
	return true
}

func (s *powerSync) end(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, node)
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
