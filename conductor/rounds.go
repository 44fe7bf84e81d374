package conductor

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	// roundQueries bounds the queries at once. They are many and light: a BMC that does not
	// answer must not delay another.
	roundQueries = 512
	// roundGap is the longest pause between the queries of two BMCs in a round. With many
	// nodes it is shorter, so that the round takes no longer than its spread.
	roundGap = 100 * time.Millisecond
)

// rounds asks the BMCs of many machines something, one after another and without waiting for answers: none
// delays another.
type rounds struct {
	store  *store.Store
	spread time.Duration  // in which all are asked
	asks   errgroup.Group // the queries; they outlast their round

	mu    sync.Mutex
	asked map[string]bool // by node: a query is under way
}

// begin makes rounds ready.
func (r *rounds) begin(s *store.Store, spread time.Duration) {
	r.store, r.spread, r.asked = s, spread, map[string]bool{}
	r.asks.SetLimit(roundQueries)
}

// each begins f for every node that the filters keep, in random order. A machine that has not answered since the
// last round is left out.
func (r *rounds) each(ctx context.Context, filters []store.Filter, f func(context.Context, *baremetal.Node)) error {
	var nodes []*baremetal.Node
	err := r.store.View(ctx, func(tx *store.Tx) (err error) {
		nodes, err = tx.Nodes().List(store.Query{Filters: filters})
		return err
	})
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	for _, n := range nodes {
		if !r.take(n.UUID) {
			continue
		}
		r.asks.Go(func() error {
			defer r.leave(n.UUID)
			f(ctx, n)
			return nil
		})
		if err := limit.Pause(ctx, min(roundGap, r.spread/time.Duration(len(nodes)))); err != nil {
			return err
		}
	}
	return err
}

// take reports whether the node may be asked: nobody else is asking.
func (r *rounds) take(node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked[node] {
		return false
	}
	r.asked[node] = true
	return true
}

func (r *rounds) leave(node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, node)
}
