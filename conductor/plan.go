package conductor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
)

// Step is one step of a plan. Do is safe to repeat; Undo, which may be nil, reverts what Do
// may have begun.
type Step struct {
	Name string
	Do   func(ctx context.Context, n *baremetal.Node) error
	Undo func(ctx context.Context, n *baremetal.Node) error
}

// follow runs the steps in order. It saves the name of each in deploy_step first and reads
// the node again. When one fails, it and the steps before are undone in reverse; their
// errors are joined to the first.
func (c *Conductor) follow(ctx context.Context, uuid string, steps []Step) error {
	for i, step := range steps {
		n, err := c.enter(ctx, uuid, step.Name)
		if err == nil {
			err = step.Do(ctx, n)
		}
		if c.base.Err() != nil {
			return err // interrupted by a shutdown: the machine stays as it is
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", step.Name, err)
			return errors.Join(err, c.undo(context.WithoutCancel(ctx), uuid, steps[:i+1]))
		}
	}
	return nil
}

// enter saves the name of the next step and returns the current node.
func (c *Conductor) enter(ctx context.Context, uuid, step string) (node *baremetal.Node, err error) {
	err = c.change(ctx, uuid, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DeployStep = baremetal.Object{"step": step, "interface": "deploy"}
		node = n
		return nil
	})
	return node, err
}

func (c *Conductor) undo(ctx context.Context, uuid string, done []Step) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	var failed []error
	for i := len(done) - 1; i >= 0; i-- {
		if done[i].Undo == nil {
			continue
		}
		if err := done[i].Undo(ctx, n); err != nil {
			failed = append(failed, fmt.Errorf("undo %s: %w", done[i].Name, err))
		}
	}
	return errors.Join(failed...)
}
