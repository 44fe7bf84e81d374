package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// longestPause bounds a step "wait" with a number of seconds; Ironic's
// max_conductor_wait_step_seconds.
const longestPause = 30 * time.Second

// powerSteps are the steps that switch the machine, on every interface of every node.
var powerSteps = map[string]baremetal.PowerState{
	"power_on": baremetal.PowerOn, "power_off": baremetal.PowerOff, "reboot": baremetal.Reboot,
}

// given makes the steps that a client has given into moves. All that the node cannot do is
// reported at once.
func (c *Conductor) given(f flow, n *baremetal.Node, steps []baremetal.Object) (plan []Step, err error) {
	var wrong []string
	for _, given := range steps {
		step, reason := c.givenStep(f, n, given)
		if reason != "" {
			wrong = append(wrong, reason)
		}
		plan = append(plan, step)
	}
	if wrong != nil {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "%s", strings.Join(wrong, "; "))
	}
	return plan, nil
}

func (c *Conductor) givenStep(f flow, n *baremetal.Node, given baremetal.Object) (step Step, wrong string) {
	name := given.Text("step")
	step = Step{Name: name, Given: given, Priority: number(given["priority"])}
	target, switches := powerSteps[name]
	switch {
	case switches && given["execute_on_child_nodes"] == true:
		step.Do = func(ctx context.Context, n *baremetal.Node) error { return c.power(ctx, n, target) }
	case switches:
		c.switches(&step, f, n, target)
	case name == "hold":
		step.Ends = baremetal.Hold
	case name == "wait":
		wrong = pause(&step, given)
	case c.byAgent(f, n, given):
		c.agentStep(f, &step, given)
	default:
		wrong = c.ofInterface(&step, f, n)
	}
	if wrong == "" && given["execute_on_child_nodes"] == true {
		wrong = c.onChildren(&step)
	}
	return step, wrong
}

// pause is the step "wait": for some seconds, or until the machine's ramdisk reports.
func pause(step *Step, given baremetal.Object) (wrong string) {
	args, _ := given["args"].(map[string]any)
	seconds, limited := args["seconds"]
	if !limited {
		step.Ends = baremetal.Wait
		return ""
	}
	length := time.Duration(number(seconds)) * time.Second
	if length <= 0 {
		return "the step wait takes seconds above 0, or none to wait for the ramdisk"
	}
	step.Do = func(ctx context.Context, _ *baremetal.Node) error {
		timer := time.NewTimer(min(length, longestPause))
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ""
}

// number reads a count as JSON and the store give it; what is none is 0.
func number(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	case json.Number:
		n, _ := v.Int64()
		return int(n)
	case string:
		n, _ := strconv.Atoi(v)
		return n
	}
	return 0
}

// onChildren makes the step one that is done on the nodes of which this one is the parent,
// or on some of them.
func (c *Conductor) onChildren(step *Step) (wrong string) {
	if step.Ends != "" {
		return fmt.Sprintf("the step %s cannot be executed on child nodes", step.Name)
	}
	only, do := baremetal.Object(step.Given)["limit_child_node_execution"], step.Do
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		children, err := c.children(ctx, n, only)
		for _, child := range children {
			if err == nil {
				err = c.onChild(ctx, child, do)
			}
		}
		return err
	}
	return ""
}

// children lists the UUIDs of the node's children; only, a list of their UUIDs and names,
// leaves out the others.
func (c *Conductor) children(ctx context.Context, n *baremetal.Node, only any) (uuids []string, err error) {
	some, _ := only.([]any)
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Nodes().List(store.Where("parent_node", n.UUID))
		for _, child := range all {
			if child.UUID == n.UUID {
				continue // it is its own parent, and reserved
			}
			if len(some) == 0 || slices.Contains(some, any(child.UUID)) || slices.Contains(some, any(child.Name)) {
				uuids = append(uuids, child.UUID)
			}
		}
		return err
	})
	return uuids, err
}

// onChild does something to a child while it is reserved for that.
func (c *Conductor) onChild(ctx context.Context, uuid string, do func(ctx context.Context, n *baremetal.Node) error) error {
	if do == nil {
		return nil
	}
	var child *baremetal.Node
	err := fleet.Edit(ctx, c.Store, uuid, func(tx *store.Tx, n *baremetal.Node) error {
		child, n.Reservation = n, c.Host
		return tx.Nodes().Update(n)
	})
	if err != nil {
		return err
	}
	if err := do(ctx, child); err != nil {
		err = fmt.Errorf("child node %s: %w", uuid, err)
		if c.base.Err() != nil {
			return err // as for every task: the reservation is for Recover to find
		}
		return errors.Join(err, c.release(uuid))
	}
	return c.release(uuid)
}
