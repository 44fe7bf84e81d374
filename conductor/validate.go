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

// Validate reports for every kind of interface whether the node could use it. The
// error is about reading the node, not about what was found.
func (c *Conductor) Validate(ctx context.Context, ident string) ([]InterfaceReport, error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return nil, err
	}
	var reports []InterfaceReport
	for _, kind := range validated {
		err := c.validateInterface(ctx, n, kind)
		if err != nil && !isFinding(err) {
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

// isFinding tells a fault of the node's configuration from a failure to look.
func isFinding(err error) bool {
	var finding *baremetal.Error
	return errors.As(err, &finding)
}

func (c *Conductor) validateInterface(ctx context.Context, n *baremetal.Node, kind string) error {
	switch kind {
	case "boot":
		return c.validateBoot(ctx, n)
	case "deploy":
		if n.Interfaces["deploy"] == "fake" {
			return nil
		}
		return c.validateBoot(ctx, n)
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
		return s.Validate(ctx, n)
	}
	if name := n.Interfaces[kind]; name == "" || name == "no-"+kind {
		return unsupported(n, kind)
	}
	return nil
}

// validateBoot checks what a network boot needs. Ironic also asks for
// deploy_kernel and deploy_ramdisk of a node that boots from a volume, and then
// never uses them; that is not copied.
func (c *Conductor) validateBoot(ctx context.Context, n *baremetal.Node) error {
	if n.Interfaces["boot"] == "fake" {
		return nil
	}
	var ports []*baremetal.Port
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		ports, err = tx.Ports().List(store.Where("node_uuid", n.UUID))
		return err
	})
	if err != nil {
		return err
	}
	if len(ports) == 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "Node %s does not have any port associated with it", n.UUID)
	}
	boot, err := c.bootVolume(ctx, n)
	if err != nil || boot != nil {
		return err
	}
	var missing []string
	for _, key := range []string{"deploy_kernel", "deploy_ramdisk"} {
		if n.DriverInfo.Text(key) == "" {
			missing = append(missing, "'"+key+"'")
		}
	}
	return missingParameters("Cannot validate PXE bootloader. Some parameters were missing in node's driver_info and configuration", missing)
}

func missingParameters(what string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	list := names[0]
	for _, name := range names[1:] {
		list += ", " + name
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "%s. Missing are: [%s]", what, list)
}

// validateDeploy is what must hold before a deployment is accepted.
func (c *Conductor) validateDeploy(ctx context.Context, n *baremetal.Node) error {
	for _, kind := range []string{"power", "deploy"} {
		if err := c.validateInterface(ctx, n, kind); err != nil {
			return deployRefused(n, err)
		}
	}
	if n.Interfaces["deploy"] == "fake" {
		return nil
	}
	boot, err := c.bootVolume(ctx, n)
	if err != nil || boot != nil {
		return err
	}
	if n.InstanceInfo.Text("image_source") == "" {
		return deployRefused(n, missingParameters("Cannot validate image information for node "+n.UUID+
			" because one or more parameters are missing from its instance_info and insufficient information is present to boot from a remote volume",
			[]string{"'instance_info.image_source'"}))
	}
	return deployRefused(n, baremetal.Errorf(baremetal.ErrInvalid,
		"Ironhook does not write images to local disks. Remove image_source from instance_info and give the node a volume target with boot_index 0"))
}

func deployRefused(n *baremetal.Node, reason error) error {
	if !isFinding(reason) {
		return reason
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "Failed to validate deploy or power info for node %s: %s", n.UUID, reason)
}
