package conductor

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
)

// Step is one step of a plan. Do is safe to repeat; Undo, which may be nil, reverts what Do
// may have begun.
type Step struct {
	Name  string
	Given baremetal.Object // as a client has given it; nil is a step of our own
	Do    func(ctx context.Context, n *baremetal.Node) error
	Undo  func(ctx context.Context, n *baremetal.Node) error
	// Ends, unless "", stops the plan after the step, in a state that Hold or Wait leads to.
	Ends baremetal.ProvisionEvent
	// Priority is the place of a step among those of a deployment: the highest comes first.
	Priority int
}

// shown is the step as the node's clean_step, deploy_step or service_step has it.
func (s Step) shown() baremetal.Object {
	if s.Given != nil {
		return s.Given
	}
	return baremetal.Object{"step": s.Name, "interface": "deploy"}
}

// undo takes back what was done in reverse and returns the reason for that, with what
// went wrong on the way back.
func (c *Conductor) undo(ctx context.Context, uuid string, done []Step, reason error) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return errors.Join(reason, err)
	}
	failed := []error{reason}
	for i := len(done) - 1; i >= 0; i-- {
		if done[i].Undo == nil {
			continue
		}
		if err := done[i].Undo(ctx, n); err != nil {
			failed = append(failed, fmt.Errorf("undo %s: %w", done[i].Name, err))
		}
	}
	if len(failed) == 1 {
		return reason
	}
	return errors.Join(failed...)
}
