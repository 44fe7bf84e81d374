package fleet

import (
	"context"
	"errors"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// lockPatience is how long a change waits for a reserved node, as long as Ironic's three
// attempts, a second apart.
const lockPatience = 2 * time.Second

// Free returns ErrLocked if the node is reserved.
func Free(n *baremetal.Node) error {
	if n.Reservation == "" {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrLocked,
		"Node %s is locked by host %s, please retry after the current operation is completed.", n.UUID, n.Reservation)
}

// Edit runs f on an unreserved node in one transaction; f does the writing. While the node
// is reserved Edit waits, for two seconds at most; then it returns ErrLocked.
func Edit(ctx context.Context, s *store.Store, ident string, f func(tx *store.Tx, n *baremetal.Node) error) error {
	deadline := time.NewTimer(lockPatience)
	defer deadline.Stop()
	for {
		changed := s.Changed()
		err := s.Update(ctx, func(tx *store.Tx) error {
			n, err := tx.Nodes().Get(ident)
			if err != nil {
				return err
			}
			if err := Free(n); err != nil {
				return err
			}
			return f(tx, n)
		})
		if !errors.Is(err, baremetal.ErrLocked) {
			return err
		}
		select {
		case <-changed:
		case <-deadline.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
