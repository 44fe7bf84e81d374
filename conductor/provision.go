package conductor

import (
	"context"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// ProvisionRequest is the body of PUT /v1/nodes/{node}/states/provision.
type ProvisionRequest struct {
	Target         string // the verb as the API spells it
	ConfigDrive    any    // a string or an object; nil leaves instance_info alone
	CleanSteps     []baremetal.Object
	DeploySteps    []baremetal.Object
	RescuePassword string
}

// verbs maps the API's verbs to events of the state machine.
var verbs = map[string]baremetal.ProvisionEvent{
	"manage": baremetal.VerbManage, "provide": baremetal.VerbProvide,
	"active": baremetal.VerbDeploy, "deploy": baremetal.VerbDeploy,
	"rebuild": baremetal.VerbRebuild,
	"deleted": baremetal.VerbDelete, "undeploy": baremetal.VerbDelete,
	"inspect": baremetal.VerbInspect, "abort": baremetal.VerbAbort,
	"clean": baremetal.VerbClean, "adopt": baremetal.VerbAdopt,
	"rescue": baremetal.VerbRescue, "unrescue": baremetal.VerbUnrescue,
}

// Provision starts a transition of the state machine. It returns when the verb is accepted;
// the node shows its outcome.
func (c *Conductor) Provision(ctx context.Context, ident string, r ProvisionRequest) error {
	event := verbs[r.Target]
	err := c.Store.View(ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(ident)
		if err != nil {
			return err
		}
		return c.mayProvision(tx, n, event, r)
	})
	if err != nil {
		return err
	}
	var state baremetal.ProvisionState
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		next, ok := n.ProvisionState.Next(event)
		if !ok {
			return fleet.Refuse(r.Target, n.UUID, string(n.ProvisionState))
		}
		if err := allowed(n, event); err != nil {
			return err
		}
		r.store(n)
		if err := deployRefused(n, c.mayBegin(tx, n, event)); err != nil {
			return err
		}
		state = next
		if n.ProvisionState != baremetal.CleanFailed {
			n.LastError = "" // after a failed cleaning the reason stays for the operator
		}
		if event == baremetal.VerbClean {
			n.CleanStep = baremetal.Object{"step": "manual"}
			n.DriverInternalInfo = with(n.DriverInternalInfo, "clean_steps", r.CleanSteps)
		}
		return tx.Append(enterState(n, next, tx.Now()))
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.carryOut(ctx, uuid, state) })
	return nil
}

// store puts what a deployment reads of a request into the node.
func (r ProvisionRequest) store(n *baremetal.Node) {
	if r.ConfigDrive != nil {
		n.InstanceInfo = with(n.InstanceInfo, "configdrive", r.ConfigDrive)
	}
}

func with(o baremetal.Object, key string, value any) baremetal.Object {
	if o == nil {
		o = baremetal.Object{}
	}
	o[key] = value
	return o
}

// allowed checks the rules of the node itself: maintenance and protection.
func allowed(n *baremetal.Node, event baremetal.ProvisionEvent) error {
	deploys := event == baremetal.VerbDeploy || event == baremetal.VerbRebuild
	if n.Maintenance && deploys {
		return baremetal.Errorf(baremetal.ErrInvalid,
			"The provisioning operation can't be performed on node %s because it's in maintenance mode.", n.UUID)
	}
	if event == baremetal.VerbRebuild || event == baremetal.VerbDelete {
		return fleet.Unprotected(n)
	}
	return nil
}

// MayProvision refuses a verb, as the API spells it, that is not allowed in the node's
// state.
func MayProvision(n *baremetal.Node, verb string) error {
	if _, ok := n.ProvisionState.Next(verbs[verb]); ok {
		return nil
	}
	if err := fleet.Free(n); err != nil {
		return err
	}
	return fleet.Refuse(verb, n.UUID, string(n.ProvisionState))
}

// mayProvision makes the checks that need other records, before the node is reserved.
func (c *Conductor) mayProvision(tx *store.Tx, n *baremetal.Node, event baremetal.ProvisionEvent, r ProvisionRequest) error {
	if _, ok := n.ProvisionState.Next(event); !ok || n.Reservation != "" {
		return nil // accept returns the better error
	}
	if err := allowed(n, event); err != nil {
		return err
	}
	switch event {
	case baremetal.VerbDeploy, baremetal.VerbRebuild:
		r.store(n)
		return deployRefused(n, c.mayDeploy(tx, n, event, r))
	case baremetal.VerbInspect:
		return c.validateInterface(tx, n, "inspect")
	case baremetal.VerbRescue:
		return c.validateInterface(tx, n, "rescue")
	case baremetal.VerbClean:
		if r.CleanSteps == nil {
			return baremetal.Errorf(baremetal.ErrInvalid, `"clean_steps" is required when setting target provision state to clean`)
		}
	}
	return nil
}

// enterState moves n to state and returns the event. Cleaning that begins in manageable is
// a manual one and goes back there.
func enterState(n *baremetal.Node, state baremetal.ProvisionState, now time.Time) baremetal.Event {
	detail := fmt.Sprintf("%s -> %s", n.ProvisionState, state)
	goal := state.Goal()
	if (state == baremetal.Cleaning || state == baremetal.CleanFailed) && n.CleanStep != nil {
		goal = baremetal.Manageable
	}
	n.ProvisionState, n.TargetProvisionState, n.ProvisionUpdatedAt = state, goal, now
	return baremetal.Event{Node: n.UUID, Kind: baremetal.EventProvision, Detail: detail}
}

// carryOut does the work of the state that a node has just entered, then moves the node on.
func (c *Conductor) carryOut(ctx context.Context, uuid string, state baremetal.ProvisionState) error {
	w, ok := works[state]
	if !ok {
		return nil // a stable state: nothing to do
	}
	err := w.do(c, ctx, uuid)
	if c.base.Err() != nil {
		return err // interrupted by a shutdown: Recover handles it
	}
	var next baremetal.ProvisionState
	changed := c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		outcome := w.done
		var events []baremetal.Event
		switch {
		case err != nil:
			outcome, n.LastError = baremetal.Fail, fmt.Sprintf(w.failed, n.UUID, sentence(err))
			events = append(events, baremetal.Event{Kind: baremetal.EventError, Step: w.step, Detail: n.LastError})
		case state == baremetal.Cleaning && n.TargetProvisionState == baremetal.Manageable:
			outcome = baremetal.VerbManage
		}
		next, _ = state.Next(outcome)
		moved := enterState(n, next, now)
		n.DeployStep, n.CleanStep = nil, nil
		return append(events, moved)
	})
	if changed != nil || err != nil {
		return changed
	}
	return c.carryOut(ctx, uuid, next) // deleting leads to cleaning, which leads to available
}
