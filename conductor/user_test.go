package conductor

import (
	"context"
	"errors"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// What a task writes long after its request was answered names the user who asked; what
// the appliance finds by itself names none.
func TestEventsOfATaskNameItsUser(t *testing.T) {
	c, m := setup(t, baremetal.Available)
	ctx := baremetal.WithUser(t.Context(), "eve")
	m.fail["attach"] = errors.New("no space")
	if err := c.SetPower(ctx, id, baremetal.PowerOn, 0); err != nil {
		t.Fatal(err)
	}
	c.tasks.Wait()
	delete(m.fail, "attach")
	for _, verb := range []string{"active", "deleted"} {
		if err := c.Provision(ctx, id, ProvisionRequest{Target: verb}); err != nil {
			t.Fatal(err)
		}
		c.tasks.Wait()
	}
	m.state = baremetal.PowerOn
	n, err := c.node(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	newPowerSync(c).observe(t.Context(), n)
	c.tasks.Wait()
	seen := map[baremetal.EventKind]int{}
	for _, e := range eventsOf(t, c) {
		want := "eve"
		if e.Detail == "seen on; not switched by Ironhook" {
			want = ""
		}
		if seen[e.Kind]++; e.User != want {
			t.Errorf("event %s %q is of user %q, want %q", e.Kind, e.Detail, e.User, want)
		}
	}
	if seen[baremetal.EventError] != 1 || seen[baremetal.EventPowerOn] != 2 || seen[baremetal.EventProvision] < 4 {
		t.Errorf("events = %v: the task has not written its own", seen)
	}
}

func eventsOf(t *testing.T, c *Conductor) (list []*baremetal.Event) {
	t.Helper()
	err := c.Store.View(context.Background(), func(tx *store.Tx) (err error) {
		list, err = tx.Events(store.EventQuery{Node: id})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
