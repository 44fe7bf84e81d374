package conductor

import (
	"cmp"
	"context"
	"fmt"

	"ironhook/baremetal"
	"ironhook/store"
)

// PowerFailure is the fault of a node whose BMC does not answer, in Ironic's word.
const PowerFailure = "power failure"

// syncRetries is how many queries in a row may fail; Ironic's power_state_sync_max_retries.
const syncRetries = 3

// forget ends the count of failures.
func (s *powerSync) forget(node string) {
	s.counting.Lock()
	defer s.counting.Unlock()
	delete(s.failed, node)
}

// fail counts a failed query. After one too many the node goes into maintenance with the
// fault: it is then asked by recovery alone.
func (s *powerSync) fail(ctx context.Context, n *baremetal.Node, cause error) {
	s.counting.Lock()
	s.failed[n.UUID]++
	over := s.failed[n.UUID] > syncRetries
	s.counting.Unlock()
	if !over {
		return
	}
	s.forget(n.UUID)
	err := s.amend(ctx, n.UUID, func(n *baremetal.Node) (event baremetal.Event, changed bool) {
		if n.Maintenance {
			return event, false
		}
		n.LastError = fmt.Sprintf("During sync_power_state, max retries exceeded for node %s, node state None does not match expected "+
			"state '%s'. "+
			"Updating DB state to 'None' Switching node to maintenance mode. Error: %s",
			n.UUID, cmp.Or(string(n.PowerState), "None"), sentence(cause))
		n.PowerState, n.Maintenance, n.Fault, n.MaintenanceReason = "", true, PowerFailure, n.LastError
		return baremetal.Event{Kind: baremetal.EventError, Detail: n.LastError}, true
	})
	if err != nil {
		s.Log.Error("record a power failure", "node", n.UUID, "error", err)
	}
}

// recovery asks the machines whose BMC has failed. One that answers leaves maintenance; the
// next round records its state.
func (s *powerSync) recovery(ctx context.Context) error {
	return s.each(ctx, []store.Filter{
		{Column: "reservation", Match: store.Null}, {Column: "maintenance", Value: true}, {Column: "fault", Value: PowerFailure},
	}, s.mend)
}

func (s *powerSync) mend(ctx context.Context, n *baremetal.Node) {
	if _, known, err := s.ask(ctx, n); err != nil || !known {
		return
	}
	err := s.amend(ctx, n.UUID, func(n *baremetal.Node) (event baremetal.Event, changed bool) {
		if n.Fault != PowerFailure {
			return event, false
		}
		if n.LastError == n.MaintenanceReason {
			n.LastError = ""
		}
		n.Maintenance, n.Fault, n.MaintenanceReason = false, "", ""
		return baremetal.Event{Kind: baremetal.EventNode, Detail: "its BMC answers again; no longer in maintenance"}, true
	})
	if err != nil {
		s.Log.Error("record the end of a power failure", "node", n.UUID, "error", err)
	}
}

// amend changes a node that nobody holds, and appends the event, if f says that it did.
func (s *powerSync) amend(ctx context.Context, uuid string, f func(n *baremetal.Node) (baremetal.Event, bool)) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(uuid)
		if err != nil || n.Reservation != "" {
			return err
		}
		event, changed := f(n)
		if !changed {
			return nil
		}
		event.Node = n.UUID
		if err := tx.Append(event); err != nil {
			return err
		}
		return tx.Nodes().Update(n)
	})
}
