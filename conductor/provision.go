package conductor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/internal/timing"
	"ironhook/store"
)

// ProvisionRequest is the body of PUT /v1/nodes/{node}/states/provision.
type ProvisionRequest struct {
	Target         string // the verb as the API spells it
	ConfigDrive    any    // a string or an object; nil leaves instance_info alone
	CleanSteps     []baremetal.Object
	DeploySteps    []baremetal.Object
	ServiceSteps   []baremetal.Object
	DisableRamdisk bool // of cleaning and servicing; Ironhook runs no ramdisk in either
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
	"service": baremetal.VerbService, "unhold": baremetal.VerbUnhold,
}

// Provision starts a transition of the state machine. It returns when the verb is accepted;
// the node shows its outcome.
func (c *Conductor) Provision(ctx context.Context, ident string, r ProvisionRequest) error {
	event := verbs[r.Target]
	if err := r.hashRescue(); err != nil {
		return err
	}
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
	var aborted *baremetal.Node // as it was
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
		if event == baremetal.VerbAbort {
			before := *n
			aborted = &before
		}
		if n.ProvisionState != baremetal.CleanFailed {
			n.LastError = "" // after a failed cleaning the reason stays for the operator
		}
		r.begin(n, event)
		return tx.Append(enterState(n, next, tx.Now()))
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		if aborted != nil {
			return c.abort(ctx, aborted)
		}
		return c.carryOut(ctx, uuid, state)
	})
	return nil
}

// abort undoes what a client has aborted; n is the node as it was before.
func (c *Conductor) abort(ctx context.Context, n *baremetal.Node) error {
	if n.ProvisionState == baremetal.InspectWait {
		return c.endRamdisk(ctx, n.UUID) // it would run on
	}
	err := c.takeBackCut(ctx, n)
	if f, ok := flows[n.ProvisionState]; ok && c.base.Err() == nil {
		err = errors.Join(err, c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
			f.end(n)
			return nil
		}))
	}
	return err
}

// store puts what a deployment reads of a request into the node.
func (r ProvisionRequest) store(n *baremetal.Node) {
	if r.ConfigDrive != nil {
		n.InstanceInfo = with(n.InstanceInfo, "configdrive", r.ConfigDrive)
	}
}

// begin gives the node the steps of the flow that the verb begins, or ends the flow that
// the verb cuts short.
func (r ProvisionRequest) begin(n *baremetal.Node, event baremetal.ProvisionEvent) {
	switch event {
	case baremetal.VerbClean:
		cleaning.begin(n, r.CleanSteps, r.DisableRamdisk)
		n.CleanStep = baremetal.Object{"step": "manual"}
	case baremetal.VerbService:
		servicing.begin(n, r.ServiceSteps, r.DisableRamdisk)
	case baremetal.VerbRescue:
		if n.Interfaces.RescuesByAgent() {
			n.InstanceInfo = with(n.InstanceInfo, rescueHash, r.RescuePassword)
		}
	case baremetal.VerbDeploy, baremetal.VerbRebuild:
		deploying.begin(n, r.DeploySteps, false)
	case baremetal.VerbDelete:
		if f, ok := flows[n.ProvisionState]; ok {
			f.end(n)
		}
	case baremetal.VerbAbort:
		n.LastError = "By request, the operation was aborted"
		if f, ok := flows[n.ProvisionState]; ok {
			n.LastError = f.aborted(n)
			f.show(n, nil) // where it stood is forgotten when it is taken back
		}
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
	if n.Maintenance && event == baremetal.VerbAbort && n.ProvisionState == baremetal.ServiceFailed {
		return baremetal.Errorf(baremetal.ErrInvalid, `Can not abort service on node "%s" while it is in maintenance mode. Please remove `+
			"the node from maintenance prior to issuing the request to abort the service operation.", n.UUID)
	}
	if event != baremetal.VerbRebuild && event != baremetal.VerbDelete {
		return nil
	}
	if n.Interfaces.Deploys() && staysOn(n) && n.PowerState != baremetal.PowerOff {
		return baremetal.Errorf(baremetal.ErrConflict, "Node %s has disable_power_off set, and its volumes are taken from it only while "+
			"it is off: switch the machine off by hand, or unset disable_power_off.", n.UUID)
	}
	return fleet.Unprotected(n)
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
	case baremetal.VerbService:
		if len(r.ServiceSteps) == 0 {
			return baremetal.Errorf(baremetal.ErrInvalid, `"service_steps" is required when setting target provision state to service`)
		}
	}
	return nil
}

// enterState moves n to state and returns the event. Cleaning that begins in manageable is
// a manual one and goes back there.
func enterState(n *baremetal.Node, state baremetal.ProvisionState, now time.Time) baremetal.Event {
	detail := fmt.Sprintf("%s -> %s", n.ProvisionState, state)
	goal := state.Goal()
	if (state == baremetal.Cleaning || state == baremetal.CleanFailed) && n.CleanStep != nil && n.DriverInternalInfo[automatedClean] != true {
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
	begun := time.Now()
	ended, err := w.do(c, ctx, uuid)
	c.Times.Since(begun, timing.Key{Server: "conductor", What: string(state), Outcome: timing.Outcome(err)})
	return c.conclude(ctx, uuid, state, w, ended, err)
}

// conclude moves on a node whose work in the state has ended.
func (c *Conductor) conclude(
	ctx context.Context, uuid string, state baremetal.ProvisionState, w work, ended baremetal.ProvisionEvent, err error,
) error {
	if c.base.Err() != nil {
		return err // interrupted by a shutdown: Recover handles it
	}
	f, stepwise := flows[state]
	var next baremetal.ProvisionState
	changed := c.edit(ctx, uuid, func(tx *store.Tx, n *baremetal.Node) error {
		var events []baremetal.Event
		switch {
		case err != nil:
			events = append(events, w.fail(n, err, tx.Now()))
		case stepwise && ended == "":
			if err := c.complete(tx, n, f); err != nil {
				return err
			}
		}
		next, _ = state.Next(w.outcome(n, ended, err))
		events = append(events, enterState(n, next, tx.Now()))
		if stepwise && !next.Pauses() {
			f.leave(n)
		}
		return note(tx, n, events...)
	})
	if changed != nil || err != nil || next.Pauses() {
		return changed
	}
	return c.carryOut(ctx, uuid, next) // deleting leads to cleaning, which leads to available
}

// complete ends a flow whose steps are all done. It does so in the transaction that moves the node on: an exit between
// the two would leave a node that is done and, after the next start, has failed.
func (c *Conductor) complete(tx *store.Tx, n *baremetal.Node, f flow) error {
	if _, underway := f.at(n); !underway {
		return nil // it had none
	}
	steps, _ := c.planOf(f, n) // which could be made before
	return f.ends(tx, n, steps)
}

// outcome is what the end of the work means to the state machine.
func (w work) outcome(n *baremetal.Node, ended baremetal.ProvisionEvent, err error) baremetal.ProvisionEvent {
	switch {
	case err != nil:
		return baremetal.Fail
	case ended != "":
		return ended
	case n.ProvisionState == baremetal.Cleaning && n.TargetProvisionState == baremetal.Manageable:
		return baremetal.VerbManage
	}
	return w.done
}

// fail records why the work failed. A step that failed half-way may have left the machine
// in need of a person.
func (w work) fail(n *baremetal.Node, err error, now time.Time) baremetal.Event {
	var step stepFailed
	e := baremetal.Event{Kind: baremetal.EventError, Step: w.step, Detail: sentence(err)}
	if !errors.As(err, &step) {
		e.Step, e.Detail = prevented(err, w.step), fmt.Sprintf(w.failed, n.UUID, sentence(err))
	}
	n.LastError, e.History = e.Detail, baremetal.NewHistory(n, now, failures[n.ProvisionState], e.Detail)
	e.History.Error = true
	if f := flows[n.ProvisionState]; step.error != nil && f.fault != "" {
		n.Maintenance, n.Fault, n.MaintenanceReason = true, f.fault, cmp.Or(n.MaintenanceReason, n.LastError)
	}
	return e
}
