package conductor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// longestWait is how long a node waits, unless its step says otherwise; Ironic's
// *_callback_timeout.
const longestWait = 30 * time.Minute

// ramdisk is what a node waits for unless its step says otherwise.
const ramdisk = "its ramdisk"

// waits are the states in which a node waits: for its ramdisk, its BMC or a person.
var waits = []string{
	string(baremetal.DeployWait), string(baremetal.CleanWait), string(baremetal.ServiceWait),
	string(baremetal.InspectWait), string(baremetal.RescueWait),
}

// errNotWaiting is the answer to a report that nothing waits for.
var errNotWaiting = errors.New("the node does not wait")

// awaits keeps in the node what its plan is suspended for, so that it outlives a restart.
func (f flow) awaits(n *baremetal.Node, w Waiting, now time.Time) {
	n.DriverInternalInfo = with(n.DriverInternalInfo, f.name+baremetal.StepWaits, baremetal.Object{
		"for": w.For, "since": now.UTC().Format(time.RFC3339), "every": w.Every.Seconds(), "within": cmp.Or(w.Within, longestWait).Seconds(),
		baremetal.WaitsByHand: w.ByHand,
	})
}

// awaited forgets it.
func (f flow) awaited(n *baremetal.Node) { delete(n.DriverInternalInfo, f.name+baremetal.StepWaits) }

// kept is what awaits keeps.
func (f flow) kept(n *baremetal.Node) (kept baremetal.Object, awaits bool) {
	object, awaits := n.DriverInternalInfo[f.name+baremetal.StepWaits].(map[string]any)
	return object, awaits
}

// waiting is what the node's plan is suspended for, and since when. Without a step that
// says so, as for Ironic's step wait, it is a report of the ramdisk.
func (f flow) waiting(n *baremetal.Node) (w Waiting, since time.Time) {
	kept, _ := f.kept(n)
	seconds := func(key string) time.Duration {
		s, _ := kept[key].(float64)
		return time.Duration(s * float64(time.Second))
	}
	since, err := time.Parse(time.RFC3339, kept.Text("since"))
	if err != nil {
		return Waiting{For: ramdisk, Within: longestWait}, n.ProvisionUpdatedAt
	}
	return Waiting{For: kept.Text("for"), Every: seconds("every"), Within: seconds("within"), ByHand: kept[baremetal.WaitsByHand] == true},
		since
}

// ask asks a step whether what it began is over; while it is not, the node is to wait.
func (c *Conductor) ask(ctx context.Context, uuid string, f flow, step Step) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	over, err := step.Await(ctx, n)
	if err != nil || over {
		return "", err
	}
	if _, kept := f.kept(n); kept {
		return baremetal.Wait, nil
	}
	return baremetal.Wait, c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		f.awaits(n, step.Wait, now)
		if step.Wait.For == "" {
			return nil
		}
		return []baremetal.Event{{Kind: baremetal.EventNode, Detail: step.Name + " waits for " + step.Wait.For}}
	})
}

// Continue takes up the plan again of a node that waits, because its ramdisk has reported or
// a person says so. A step that is not over goes on waiting. A node that waits for nothing,
// or is worked on, is left alone: the next report comes soon.
func (c *Conductor) Continue(ctx context.Context, ident string) error {
	return c.takeUp(ctx, ident, c.resume)
}

// AgentFailed ends the plan of a node that waits, because its ramdisk says that it failed. The ramdisk's words
// are all that last_error says, as in Ironic.
func (c *Conductor) AgentFailed(ctx context.Context, ident, words string) error {
	return c.takeUp(ctx, ident, func(ctx context.Context, uuid string) error {
		n, err := c.node(ctx, uuid)
		if err != nil {
			return err
		}
		state, _ := n.ProvisionState.Next(baremetal.Resume)
		return c.giveUp(ctx, n, works[state].failed, stepFailed{fmt.Errorf("%.1000s", words)})
	})
}

// takeUp reserves a node that waits and has f go on with it; one that does not wait, or is worked on, is left alone.
func (c *Conductor) takeUp(ctx context.Context, ident string, f func(ctx context.Context, uuid string) error) error {
	uuid, err := c.accept(ctx, ident, func(_ *store.Tx, n *baremetal.Node) error {
		_, waits := n.ProvisionState.Next(baremetal.Resume)
		f, stepwise := flows[n.ProvisionState]
		if _, under := f.at(n); !waits || !stepwise || !under {
			return errNotWaiting
		}
		return nil
	})
	if errors.Is(err, errNotWaiting) || errors.Is(err, baremetal.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return f(ctx, uuid) })
	return nil
}

// resume goes on with the plan of a reserved node that waits, if the step that it stands at is over.
func (c *Conductor) resume(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	f := flows[n.ProvisionState]
	state, _ := n.ProvisionState.Next(baremetal.Resume)
	failure := works[state].failed
	steps, at, err := c.standing(f, n)
	if err != nil {
		return c.giveUp(ctx, n, failure, err)
	}
	if steps[at].Await != nil {
		ends, err := c.ask(ctx, uuid, f, steps[at])
		if err != nil {
			return c.giveUp(ctx, n, failure, f.failed(n, steps[at], err))
		}
		if ends != "" {
			return nil
		}
	}
	err = c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		f.awaited(n)
		return []baremetal.Event{enterState(n, state, now)}
	})
	if err != nil {
		return err
	}
	return c.carryOut(ctx, uuid, state)
}

// standing is the plan of a node and the place at which it stands.
func (c *Conductor) standing(f flow, n *baremetal.Node) (steps []Step, at int, err error) {
	steps, err = c.planOf(f, n)
	at, under := f.at(n)
	if err == nil && (!under || at >= len(steps)) {
		err = fmt.Errorf("the node stands at step %d of a plan of %d", at+1, len(steps))
	}
	return steps, at, err
}

// giveUp fails a reserved node that waits, after what its plan has done is undone. failed is
// last_error: node, then reason.
func (c *Conductor) giveUp(ctx context.Context, n *baremetal.Node, failed string, reason error) error {
	reason = c.takeBack(ctx, n, reason)
	state, ok := n.ProvisionState.Next(baremetal.Resume)
	if !ok {
		return reason
	}
	w := works[state]
	w.failed = failed
	return c.conclude(ctx, n.UUID, state, w, "", reason)
}

// takeBack undoes what the plan of a node has done up to where n stands, in reverse, and returns the
// reason for that with what went wrong.
func (c *Conductor) takeBack(ctx context.Context, n *baremetal.Node, reason error) error {
	f, underway := flowOf(n)
	if !underway {
		return reason
	}
	steps, at, err := c.standing(f, n)
	if err != nil {
		return errors.Join(reason, err)
	}
	return c.undo(context.WithoutCancel(ctx), n.UUID, steps[:at+1], reason)
}
