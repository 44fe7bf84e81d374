package conductor

import (
	"context"
	"errors"
	"testing"

	"ironhook/baremetal"
)

// keeper is a BMC that keeps an event log. A log that is cleared waits for the gate of its machine, if there is one.
type keeper struct {
	*machine
	entries []baremetal.LogEntry
}

func (k *keeper) HardwareLog(context.Context, *baremetal.Node) (baremetal.HardwareLog, error) {
	return baremetal.HardwareLog{Entries: k.entries}, k.fail["log"]
}

func (k *keeper) ClearHardwareLog(ctx context.Context, n *baremetal.Node) (baremetal.HardwareLog, error) {
	if k.gate != nil {
		<-k.gate
	}
	log, err := k.HardwareLog(ctx, n)
	if err == nil {
		k.entries = nil
	}
	return log, err
}

// Reading needs no reservation and leaves no event; clearing needs one, and leaves one that names the user.
func TestHardwareLog(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	if _, err := c.HardwareLog(t.Context(), id); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("log of a BMC that keeps none = %v", err)
	}
	if _, err := c.ClearHardwareLog(t.Context(), id); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("clear the log of a BMC that keeps none = %v", err)
	}
	k := &keeper{m, []baremetal.LogEntry{{ID: "1", Message: "fan failed"}, {ID: "2", Message: "fan works"}}}
	c.powers["bmc"] = k
	edit(t, c, func(n *baremetal.Node) { n.Reservation = "another" })
	if log, err := c.HardwareLog(t.Context(), "pc"); err != nil || len(log.Entries) != 2 {
		t.Errorf("log = %v, %v", log, err)
	}
	if _, err := c.ClearHardwareLog(t.Context(), "pc"); !errors.Is(err, baremetal.ErrLocked) || len(k.entries) != 2 {
		t.Errorf("clear the log of a node that is locked = %v; %d entries are left", err, len(k.entries))
	}
	if err := c.release(id); err != nil {
		t.Fatal(err)
	}
	k.fail["log"] = errors.New("no route to host")
	ctx := baremetal.WithUser(t.Context(), "eve")
	if _, err := c.ClearHardwareLog(ctx, "pc"); err == nil || len(eventsOf(t, c)) != 0 {
		t.Errorf("a failure = %v, events %v", err, eventsOf(t, c))
	}
	delete(k.fail, "log")
	log, err := c.ClearHardwareLog(ctx, "pc")
	if err != nil || len(log.Entries) != 2 || len(k.entries) != 0 {
		t.Errorf("what was cleared = %v, %v", log, err)
	}
	events := eventsOf(t, c)
	if len(events) != 1 || events[0].User != "eve" || events[0].Detail != "the event log of its BMC was cleared; it had 2 entries" {
		t.Errorf("events = %v", events)
	}
	if n := settled(t, c); n.Reservation != "" {
		t.Errorf("the node stays locked by %q", n.Reservation)
	}
}
