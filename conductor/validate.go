package conductor

import (
	"context"
	"errors"

	"ironhook/baremetal"
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
	"bios", "console", "inspect", "raid", "rescue", "storage",
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
		if !n.Interfaces.Deploys() {
			return nil
		}
		return c.validateBoot(tx, n)
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
	}
	if !n.Interfaces.Has(kind) {
		return unsupported(n, kind)
	}
	return nil
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

// validateDeploy makes the checks before a deployment is accepted. Ironic checks the
// volumes in the deployment, which fails for the same reasons.
func (c *Conductor) validateDeploy(tx *store.Tx, n *baremetal.Node) error {
	kinds := []string{"power", "deploy", "storage"}
	if !n.Interfaces.Deploys() {
		kinds = kinds[:2]
	}
	for _, kind := range kinds {
		if err := c.validateInterface(tx, n, kind); err != nil {
			return deployRefused(n, err)
		}
	}
	return nil
}

func deployRefused(n *baremetal.Node, reason error) error {
	if !operatorError(reason) {
		return reason
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "Failed to validate deploy or power info for node %s: %s", n.UUID, reason)
}
