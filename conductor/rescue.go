package conductor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ironhook/baremetal"
	"ironhook/store"
)

// A machine is rescued as by Ironic's rescue interface agent: it boots the agent, which lets in who has
// the password, and stays there until it is unrescued. With the interface fake nothing is done.

// rescueHash is the key of instance_info with the hash of the password until the agent has it, as in Ironic.
const rescueHash = "hashed_rescue_password"

// mayRescue refuses a node without an agent, and one whose system the agent could not reach.
func (c *Conductor) mayRescue(tx *store.Tx, n *baremetal.Node) error {
	if n.Interfaces["boot"] == "fake" {
		return nil
	}
	p, err := c.plan(tx, n)
	switch {
	case err != nil:
		return err
	case p.Volume != nil:
		return baremetal.Errorf(baremetal.ErrInvalid, "Node %s boots from a volume, which a rescue system on the machine has no access to: "+
			"go back to a snapshot of the volume, or make it a volume target of another node and mend it there.", n.UUID)
	}
	return c.mayBootAgent(n)
}

// hashRescue replaces the password by its hash, which is all that is kept of it.
func (r *ProvisionRequest) hashRescue() error {
	if r.RescuePassword == "" {
		return nil
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(r.RescuePassword), bcrypt.DefaultCost)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "The rescue password is too long: it may have 72 bytes.")
	}
	r.RescuePassword = string(hash)
	return nil
}

func (c *Conductor) rescue(ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	return c.goOn(ctx, n, rescuing)
}

func (c *Conductor) rescueSteps(n *baremetal.Node) []Step {
	if !n.Interfaces.RescuesByAgent() {
		return nil
	}
	boots := c.bootAgentStep()
	undo := boots.Undo
	boots.Undo = func(ctx context.Context, n *baremetal.Node) error {
		return errors.Join(undo(ctx, n), c.forgetRescue(ctx, n))
	}
	return []Step{boots, {Name: "finalize_rescue", Do: c.letIn}}
}

// letIn has the agent let in who has the password. It takes no command then.
func (c *Conductor) letIn(ctx context.Context, n *baremetal.Node) error {
	answer, err := c.tell(ctx, n, true, "rescue.finalize_rescue",
		baremetal.Object{"rescue_password": n.InstanceInfo.Text(rescueHash), "hashed": true})
	if err != nil {
		return err
	}
	if how, _ := answer.Result.(string); how != "" { // Ironic's agent says nothing
		if err := c.Store.Append(ctx,
			baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: fmt.Sprintf("is rescued: %.200s", how)}); err != nil {
			return err
		}
	}
	return errors.Join(c.forgetRescue(ctx, n), c.forgetAgent(ctx, n))
}

func (c *Conductor) forgetRescue(ctx context.Context, n *baremetal.Node) error {
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		delete(n.InstanceInfo, rescueHash)
		return nil
	})
}

// unrescue boots the machine's own system again.
func (c *Conductor) unrescue(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil || !n.Interfaces.RescuesByAgent() {
		return err
	}
	if err := errors.Join(c.switchOff(ctx, n), c.forgetAgent(ctx, n)); err != nil {
		return err
	}
	return c.bootInstance(ctx, n)
}
