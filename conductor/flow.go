package conductor

import (
	"context"
	"fmt"

	"ironhook/baremetal"
	"ironhook/internal/python"
	"ironhook/store"
)

// flow is a kind of work that consists of steps. Between two of them the node may be
// held, or wait, and the work is taken up again where it stood: the steps and the place
// are kept in driver_internal_info, under Ironic's keys.
type flow struct {
	name  string                                    // in messages and in the keys
	field func(n *baremetal.Node) *baremetal.Object // shows the step; nil if nothing does
	// fault is the node's when a step fails, and puts it into maintenance; "" does not.
	fault string
}

var (
	cleaning  = flow{"clean", func(n *baremetal.Node) *baremetal.Object { return &n.CleanStep }, "clean failure"}
	deploying = flow{"deploy", func(n *baremetal.Node) *baremetal.Object { return &n.DeployStep }, ""}
	servicing = flow{"service", func(n *baremetal.Node) *baremetal.Object { return &n.ServiceStep }, "service failure"}
	rescuing  = flow{"rescue", nil, ""}
)

// flows are those of the states in which a node may be held, wait and be aborted.
var flows = map[baremetal.ProvisionState]flow{
	baremetal.Cleaning: cleaning, baremetal.CleanWait: cleaning, baremetal.CleanHold: cleaning,
	baremetal.Deploying: deploying, baremetal.DeployWait: deploying, baremetal.DeployHold: deploying,
	baremetal.Servicing: servicing, baremetal.ServiceWait: servicing, baremetal.ServiceHold: servicing,
	baremetal.ServiceFailed: servicing,
	baremetal.Rescuing:      rescuing, baremetal.RescueWait: rescuing,
}

// flowOf is the flow in which the node has begun a step that is neither followed by others
// nor taken back.
func flowOf(n *baremetal.Node) (f flow, underway bool) {
	for _, f := range []flow{deploying, cleaning, servicing, rescuing} {
		if _, underway := f.at(n); underway {
			return f, true
		}
	}
	return flow{}, false
}

// show makes the node show a step; nil is none.
func (f flow) show(n *baremetal.Node, step baremetal.Object) {
	if f.field != nil {
		*f.field(n) = step
	}
}

// doing is the name of the step that the node shows.
func (f flow) doing(n *baremetal.Node) string {
	if f.field == nil {
		return f.name
	}
	return (*f.field(n)).Text("step")
}

// steps returns those that the request of the flow has given the node.
func (f flow) steps(n *baremetal.Node) (list []baremetal.Object) {
	given, _ := n.DriverInternalInfo[f.name+"_steps"].([]any)
	for _, s := range given {
		step, _ := s.(map[string]any)
		list = append(list, step)
	}
	return list
}

// at is the place of the step that the node stands at; under is false before the first.
func (f flow) at(n *baremetal.Node) (place int, under bool) {
	at, under := n.DriverInternalInfo[f.name+"_step_index"].(float64)
	return int(at), under
}

// next is the place of the step that comes after the one that the node stands at.
func (f flow) next(n *baremetal.Node) int {
	at, under := f.at(n)
	if !under {
		return 0
	}
	return at + 1
}

// begin keeps the steps that a request gives.
func (f flow) begin(n *baremetal.Node, steps []baremetal.Object, disableRamdisk bool) {
	f.end(n)
	n.DriverInternalInfo = with(n.DriverInternalInfo, f.name+"_steps", steps)
	switch f.name {
	case "clean":
		n.DriverInternalInfo["cleaning_disable_ramdisk"] = disableRamdisk
	case "service":
		n.DriverInternalInfo["service_disable_ramdisk"] = disableRamdisk
	}
}

// leave forgets where the node stands. The steps stay, to be seen.
func (f flow) leave(n *baremetal.Node) {
	f.show(n, nil)
	for _, key := range []string{f.name + "_step_index", baremetal.AgentPercent} {
		delete(n.DriverInternalInfo, key)
	}
	f.awaited(n)
}

// end forgets the flow.
func (f flow) end(n *baremetal.Node) {
	f.leave(n)
	n.DriverInternalInfo = with(n.DriverInternalInfo, f.name+"_steps", nil)
	for _, key := range []string{"cleaning_disable_ramdisk", "service_disable_ramdisk", automatedClean} {
		delete(n.DriverInternalInfo, key)
	}
}

// aborted is last_error of a node whose flow ends because a client asks for it.
func (f flow) aborted(n *baremetal.Node) string {
	reason := fmt.Sprintf("By request, the %s operation was aborted", f.name)
	if f.field == nil {
		return reason
	}
	if step := *f.field(n); step != nil {
		reason += fmt.Sprintf(` during or after the completion of step "%s.%s"`, step.Text("interface"), step.Text("step"))
	}
	if w, _ := f.waiting(n); w.ByHand {
		reason += ", which waited for " + w.For
	}
	return reason
}

// follow runs the steps in order, from the given place on, on the node as it is before
// each, saving the step and its place first. When one fails, those done and the one that
// failed are undone in reverse; errors of undoing are joined to the first. The outcome is
// what the last step that ran ends in; "" is the end of the flow.
func (c *Conductor) follow(ctx context.Context, uuid string, f flow, steps []Step, from int) (baremetal.ProvisionEvent, error) {
	for i := from; i < len(steps); i++ {
		step := steps[i]
		n, err := c.enter(ctx, uuid, f, steps, i)
		if err == nil && step.Do != nil {
			err = step.Do(ctx, n)
		}
		ends := step.Ends
		if err == nil && step.Await != nil {
			ends, err = c.ask(ctx, uuid, f, step)
		}
		if c.base.Err() != nil {
			return "", err // interrupted by a shutdown: the machine is left as it is
		}
		if err != nil {
			return "", c.undo(context.WithoutCancel(ctx), uuid, steps[:i+1], f.failed(n, step, err))
		}
		if ends != "" {
			return ends, nil
		}
	}
	return "", nil
}

// enter saves the step about to run and its place, and returns the node as it is.
func (c *Conductor) enter(ctx context.Context, uuid string, f flow, steps []Step, place int) (node *baremetal.Node, err error) {
	err = c.edit(ctx, uuid, func(tx *store.Tx, n *baremetal.Node) error {
		node = n
		f.show(n, steps[place].shown())
		n.DriverInternalInfo = with(n.DriverInternalInfo, f.name+"_step_index", place)
		delete(n.DriverInternalInfo, baremetal.AgentPercent)
		if place == 0 {
			return f.begins(tx, n, steps)
		}
		return nil
	})
	return node, err
}

// stepFailed is the error of a step that was given by a client: its words are all that
// last_error says.
type stepFailed struct{ error }

func (e stepFailed) Unwrap() error { return e.error }

// failed describes the failure of a step: of our own by its name, of others as Ironic does.
func (f flow) failed(n *baremetal.Node, step Step, err error) error {
	if step.Given == nil || n == nil {
		return fmt.Errorf("%s: %w", step.Name, err)
	}
	return stepFailed{fmt.Errorf("Node %s failed step %s: %w", n.UUID, literal(baremetal.Secrets.Mask(step.Given)),
		err)} //nolint:staticcheck // Ironic's sentence
}

// shownFirst is the order of the members of a step in messages; others follow by name.
var shownFirst = []string{"interface", "step", "args", "order", "abortable", "priority"}

// literal writes a value of JSON as Ironic's messages do.
func literal(v any) string { return python.Repr(v, shownFirst...) }
