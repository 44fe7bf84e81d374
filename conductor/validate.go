package conductor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// InterfaceReport is one line of GET /v1/nodes/{node}/validate.
type InterfaceReport struct {
	Kind   string // of the interface: boot, power, storage, ...
	OK     bool
	Reason string // why not; "" when OK
}

// validated lists the interfaces that validate reports, in Ironic's order.
var validated = []string{
	"boot", "deploy", "management", "network", "power",
	"bios", "console", "firmware", "inspect", "raid", "rescue", "storage",
}

// Validate reports for every kind of interface whether the node could use it. Its error
// means that the node could not be read.
func (c *Conductor) Validate(ctx context.Context, ident string) ([]InterfaceReport, error) {
	var reports []InterfaceReport
	err := c.Store.View(ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(ident)
		if err == nil {
			reports, err = c.validate(tx, n)
		}
		return err
	})
	return reports, err
}

func (c *Conductor) validate(tx *store.Tx, n *baremetal.Node) (reports []InterfaceReport, err error) {
	for _, kind := range validated {
		err := c.validateInterface(tx, n, kind)
		if err != nil && !operatorError(err) {
			return nil, err
		}
		r := InterfaceReport{Kind: kind, OK: err == nil}
		if err != nil {
			r.Reason = err.Error()
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// operatorError reports whether an error is a fault of the node's configuration, not a
// failure to check it.
func operatorError(err error) bool {
	var finding *baremetal.Error
	return errors.As(err, &finding)
}

func (c *Conductor) validateInterface(tx *store.Tx, n *baremetal.Node, kind string) error {
	switch kind {
	case "boot":
		return c.validateBoot(tx, n)
	case "deploy":
		return c.validateDeploy(tx, n)
	case "power", "management":
		p, err := c.powerOf(n, kind)
		if err != nil {
			return err
		}
		return p.Validate(n)
	case "storage":
		s, err := c.storageOf(n)
		if err != nil {
			return err
		}
		return s.Validate(tx, n)
	case "console":
		return c.CheckConsole(n)
	case "bios", "firmware":
		if p, ok := c.powers[n.Interfaces[kind]]; ok {
			return p.Validate(n)
		}
	case "inspect":
		if i, ok := c.powers[n.Interfaces[kind]].(Inspector); ok && n.Interfaces[kind] != "fake" {
			return i.(Power).Validate(n)
		}
		if n.Interfaces.InspectsByAgent() && n.Interfaces["boot"] != "fake" {
			return c.mayBootAgent(n)
		}
	case "rescue":
		if n.Interfaces.RescuesByAgent() {
			return c.mayRescue(tx, n)
		}
	}
	if !n.Interfaces.Has(kind) {
		return unsupported(n, kind)
	}
	return nil
}

// mayBootAgent refuses a node that has no agent to boot.
func (c *Conductor) mayBootAgent(n *baremetal.Node) error {
	if boot.OwnAgent(n) && !c.Agent {
		return baremetal.Errorf(baremetal.ErrInvalid,
			"There is no agent that node %s could boot. Make Ironhook's with make agent and give the appliance its directory (agent-dir), "+
				"or set deploy_kernel and deploy_ramdisk in driver_info to http URLs of another.", n.UUID)
	}
	return boot.Agent(n).Refusal.Err()
}

// validateBoot checks what a network boot needs. Ironic also asks for deploy_kernel
// and deploy_ramdisk, with which it writes images to local disks; Ironhook writes none.
func (c *Conductor) validateBoot(tx *store.Tx, n *baremetal.Node) error {
	if n.Interfaces["boot"] == "fake" {
		return nil
	}
	ports, err := tx.Ports().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return err
	}
	if len(ports) == 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "Node %s does not have any port associated with it", n.UUID)
	}
	p, err := c.plan(tx, n)
	if err != nil {
		return err
	}
	return p.Ready(n).Err()
}

// validateDeploy checks what a deployment needs of the node's records. A fake deploy
// interface makes nothing, but a node that it has deployed holds its volumes.
func (c *Conductor) validateDeploy(tx *store.Tx, n *baremetal.Node) error {
	if !n.Interfaces.Deploys() {
		return c.mayBegin(tx, n, baremetal.VerbDeploy)
	}
	return all(c.validateBoot(tx, n), checkTraits(tx, n))
}

// mayDeploy is what must hold before a deployment is accepted: everything that speaks
// against it, at once. Ironic leaves the volumes to the deployment, which fails for the
// same reasons.
func (c *Conductor) mayDeploy(tx *store.Tx, n *baremetal.Node, event baremetal.ProvisionEvent, r ProvisionRequest) error {
	_, err := c.given(deploying, n, r.DeploySteps)
	reasons := []error{err}
	for _, kind := range []string{"power", "deploy", "storage"} {
		if kind != "storage" || n.Interfaces.Deploys() {
			reasons = append(reasons, c.validateInterface(tx, n, kind))
		}
	}
	return all(append(reasons, c.mayBegin(tx, n, event))...)
}

// checkTraits refuses traits of the instance that the node does not have, and those that
// name a deploy template: its steps would have to be done.
func checkTraits(tx *store.Tx, n *baremetal.Node) error {
	traits, _ := n.InstanceInfo["traits"].([]any)
	var reasons []error
	for _, t := range traits {
		name := fmt.Sprint(t)
		if !slices.Contains(n.Traits, name) {
			reasons = append(reasons, baremetal.Errorf(baremetal.ErrInvalid,
				"Cannot specify instance traits that are not also set on the node. Node %s is missing traits %.255s.", n.UUID, name))
		}
		templates, err := tx.DeployTemplates().List(store.Where("name", name))
		if err != nil {
			return err
		}
		for _, template := range templates {
			reasons = append(reasons, baremetal.Errorf(baremetal.ErrInvalid,
				"The instance trait %s names deploy template %s, whose steps are not part of a deployment by trait: give them as deploy_steps.", name,
				template.UUID))
		}
	}
	return all(reasons...)
}

// all joins findings into one of the kind ErrInvalid that says each once. An error that is
// no finding comes first.
func all(errs ...error) error {
	var texts []string
	for _, err := range errs {
		switch {
		case err == nil:
		case !operatorError(err):
			return err
		default:
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "%s", strings.Join(distinct(texts), " "))
}

// distinct leaves out what another of the texts says too.
func distinct(texts []string) (kept []string) {
	for i, text := range texts {
		said := slices.ContainsFunc(texts[i+1:], func(other string) bool { return strings.Contains(other, text) }) ||
			slices.ContainsFunc(kept, func(other string) bool { return strings.Contains(other, text) })
		if !said {
			kept = append(kept, text)
		}
	}
	return kept
}

func deployRefused(n *baremetal.Node, reason error) error {
	if reason == nil || !operatorError(reason) {
		return reason
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "Failed to validate deploy or power info for node %s: %s", n.UUID, reason)
}
