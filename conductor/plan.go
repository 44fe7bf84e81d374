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
	Name  string
	Given baremetal.Object // as a client has given it; nil is a step of our own
	Do    func(ctx context.Context, n *baremetal.Node) error
	Undo  func(ctx context.Context, n *baremetal.Node) error
	// Ends, unless "", stops the plan after the step, in a state that Hold or Wait leads to.
	Ends baremetal.ProvisionEvent
	// Await, unless nil, tells after Do whether what Do began is over. Until then the plan is
	// suspended: the node waits, and its worker is free. Await is asked again at each
	// [Conductor.Continue] and as often as Wait says; an error fails the step.
	Await func(ctx context.Context, n *baremetal.Node) (over bool, err error)
	Wait  Waiting // of Await
	// Priority is the place of a step among those of a deployment: the highest comes first.
	Priority int
	agent    bool // the agent does it
}

// Waiting is what a suspended step waits for.
type Waiting struct {
	For    string        // who or what, as in "waits for ...": its agent, its BMC, somebody at the machine
	Every  time.Duration // between two questions, to the second; 0 asks only when the plan is continued
	Within time.Duration // then the step fails, and what was done is undone; 0 is longestWait
	ByHand bool          // for a person, who says when it is done; see [Conductor.Confirm]
}

// shown is the step as the node's clean_step, deploy_step or service_step has it.
func (s Step) shown() baremetal.Object {
	if s.Given != nil {
		return s.Given
	}
	return baremetal.Object{"step": s.Name, "priority": s.Priority, "abortable": true, "argsinfo": nil, "interface": "deploy"}
}

// undo takes back what was done in reverse and returns the reason for that, with what
// went wrong on the way back.
func (c *Conductor) undo(ctx context.Context, uuid string, done []Step, reason error) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return errors.Join(reason, err)
	}
	var failed []error
	if reason != nil {
		failed = append(failed, reason)
	}
	for i := len(done) - 1; i >= 0; i-- {
		if done[i].Undo == nil {
			continue
		}
		if err := done[i].Undo(ctx, n); err != nil {
			failed = append(failed, fmt.Errorf("undo %s: %w", done[i].Name, err))
		}
	}
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}
