package conductor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// sync does a round and waits for its answers.
func (s *powerSync) sync(t *testing.T, round func(context.Context) error) *baremetal.Node {
	t.Helper()
	if err := round(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = s.asks.Wait()
	return settled(t, s.Conductor)
}

func TestPowerSyncObservesAndNeverSwitches(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	edit(t, c, func(n *baremetal.Node) { n.PowerState = baremetal.PowerOn })
	s := newPowerSync(c)
	n := s.sync(t, s.round)
	if want := []string{"detach"}; n.PowerState != baremetal.PowerOff || !reflect.DeepEqual(m.actions(), want) {
		t.Errorf("power = %q, done %q, want power off and %q", n.PowerState, m.actions(), want)
	}
}

// TestPowerSyncLeavesAlone: a node that is worked on, looked after or not ours is not asked.
func TestPowerSyncLeavesAlone(t *testing.T) {
	left := map[string]func(n *baremetal.Node){
		"reserved":    func(n *baremetal.Node) { n.Reservation = "here" },
		"maintenance": func(n *baremetal.Node) { n.Maintenance = true },
	}
	for _, state := range unsynced {
		left[string(state)] = func(n *baremetal.Node) { n.ProvisionState = state }
	}
	for name, change := range left {
		t.Run(name, func(t *testing.T) {
			c, _ := setup(t, baremetal.Active)
			edit(t, c, func(n *baremetal.Node) { n.PowerState = baremetal.PowerOn; change(n) })
			s := newPowerSync(c)
			if err := s.round(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = s.asks.Wait()
			if n, err := c.node(t.Context(), id); err != nil || n.PowerState != baremetal.PowerOn {
				t.Errorf("power = %q, %v, want it as it was", n.PowerState, err)
			}
		})
	}
}

// deaf is the BMCs of many machines that are on. Those named dead do not answer until their
// query is given up.
type deaf struct {
	*machine
	asked chan string // the dead that were asked
}

func (d deaf) State(ctx context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	if !strings.HasPrefix(n.Name, "dead") {
		return baremetal.PowerOn, nil
	}
	d.asked <- n.Name
	<-ctx.Done()
	return "", ctx.Err()
}

// TestADeadBMCDelaysNobody: while 50 BMCs of 200 keep their queries waiting, all others
// are asked and what they say is recorded; a second round does not ask the 50 again.
func TestADeadBMCDelaysNobody(t *testing.T) {
	const nodes, dead = 200, 50
	c, m := setup(t, baremetal.Active)
	bmcs := deaf{m, make(chan string, 2*dead)}
	c.powers["bmc"] = bmcs
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		for i := range nodes {
			n := &baremetal.Node{
				UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i+100), Name: fmt.Sprintf("pc%d", i), Driver: "test",
				ProvisionState: baremetal.Active,
				Interfaces:     baremetal.Interfaces{"power": "bmc", "storage": "disks"}, PowerState: baremetal.PowerOff,
			}
			if i < dead {
				n.Name = fmt.Sprintf("dead%d", i)
			}
			if err := tx.Nodes().Insert(n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := newPowerSync(c)
	s.patience = time.Hour
	defer cancel()
	if err := s.round(ctx); err != nil {
		t.Fatal(err)
	}
	for changed := c.Store.Changed(); countOn(t, c) < nodes-dead; changed = c.Store.Changed() {
		<-changed
	}
	if err := s.round(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = s.asks.Wait()
	if len(bmcs.asked) != dead {
		t.Errorf("%d queries of dead BMCs, want %d", len(bmcs.asked), dead)
	}
}

func countOn(t *testing.T, c *Conductor) int {
	t.Helper()
	var on []*baremetal.Node
	err := c.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		on, err = tx.Nodes().List(store.Query{Filters: []store.Filter{{Column: "power_state", Value: string(baremetal.PowerOn)},
			{Column: "uuid", Match: store.NotEqual, Value: id}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(on)
}

// TestPowerFailure: a BMC that fails four times in a row puts its node into maintenance,
// with the fault and its cause; the first answer takes it out.
func TestPowerFailure(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	edit(t, c, func(n *baremetal.Node) { n.PowerState = baremetal.PowerOn })
	s := newPowerSync(c)
	fails := func(times int) (n *baremetal.Node) {
		m.fail["state"] = errors.New("no route to host")
		for range times {
			n = s.sync(t, s.round)
		}
		return n
	}
	n := fails(syncRetries)
	if n.Maintenance || n.Fault != "" || n.PowerState != baremetal.PowerOn {
		t.Errorf("after %d failures: maintenance %v, fault %q, power %q", syncRetries, n.Maintenance, n.Fault, n.PowerState)
	}
	delete(m.fail, "state")
	m.state = baremetal.PowerOn
	s.sync(t, s.round) // an answer: the count starts again
	if n = fails(syncRetries); n.Maintenance {
		t.Error("failures that are not in a row are a fault")
	}
	n = fails(1)
	const want = "During sync_power_state, max retries exceeded for node " + id +
		", node state None does not match expected state 'power on'. " +
		"Updating DB state to 'None' Switching node to maintenance mode. Error: no route to host"
	if !n.Maintenance || n.Fault != PowerFailure || n.PowerState != "" || n.LastError != want || n.MaintenanceReason != want {
		t.Errorf("maintenance %v, fault %q, power %q, last_error %q, reason %q", n.Maintenance, n.Fault, n.PowerState, n.LastError,
			n.MaintenanceReason)
	}
	if n = s.sync(t, s.recovery); !n.Maintenance {
		t.Error("recovered without an answer")
	}
	delete(m.fail, "state")
	if n = s.sync(t, s.recovery); n.Maintenance || n.Fault != "" || n.MaintenanceReason != "" || n.LastError != "" {
		t.Errorf("maintenance %v, fault %q, reason %q, last_error %q after an answer", n.Maintenance, n.Fault, n.MaintenanceReason, n.LastError)
	}
	if n = s.sync(t, s.round); n.PowerState != baremetal.PowerOn || len(m.actions()) != 0 {
		t.Errorf("power = %q, done %q, want on and nothing done", n.PowerState, m.actions())
	}
}

// TestMaintenanceOfAPersonStays: recovery ends only what the power sync began.
func TestMaintenanceOfAPersonStays(t *testing.T) {
	for _, fault := range []string{"", "clean failure"} {
		c, _ := setup(t, baremetal.Active)
		edit(t, c, func(n *baremetal.Node) { n.Maintenance, n.Fault, n.MaintenanceReason = true, fault, "new fan" })
		s := newPowerSync(c)
		if n := s.sync(t, s.recovery); !n.Maintenance || n.Fault != fault || n.MaintenanceReason != "new fan" {
			t.Errorf("maintenance %v, fault %q, reason %q, want them as they were", n.Maintenance, n.Fault, n.MaintenanceReason)
		}
	}
}
