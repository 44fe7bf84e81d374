package conductor

import (
	"context"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// BootDevices lists the boot devices that the node supports.
func (c *Conductor) BootDevices(ctx context.Context, ident string) ([]string, error) {
	_, m, err := c.management(ctx, ident)
	if err != nil {
		return nil, err
	}
	return m.BootDevices(), nil
}

// BootDevice reads the boot device from the node's BMC; "" is unknown.
func (c *Conductor) BootDevice(ctx context.Context, ident string) (device string, persistent bool, err error) {
	n, m, err := c.management(ctx, ident)
	if err != nil {
		return "", false, err
	}
	return m.BootDevice(ctx, n)
}

// SetBootDevice sets the boot device in the node's BMC. The node is reserved meanwhile.
func (c *Conductor) SetBootDevice(ctx context.Context, ident, device string, persistent bool) error {
	return c.manage(ctx, ident, func(ctx context.Context, n *baremetal.Node, m Power) error {
		if !slices.Contains(m.BootDevices(), device) {
			return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified.", device)
		}
		return m.SetBootDevice(ctx, n, device, persistent)
	})
}

// InjectNMI sends a non-maskable interrupt, at which the operating system writes a crash
// dump.
func (c *Conductor) InjectNMI(ctx context.Context, ident string) error {
	return c.manage(ctx, ident, func(ctx context.Context, n *baremetal.Node, m Power) error {
		return m.InjectNMI(ctx, n)
	})
}

func (c *Conductor) management(ctx context.Context, ident string) (*baremetal.Node, Power, error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return nil, nil, err
	}
	m, err := c.powerOf(n, "management")
	if err == nil {
		err = m.Validate(n)
	}
	return n, m, err
}

// manage runs f on a reserved node and waits for it: these calls are synchronous.
func (c *Conductor) manage(ctx context.Context, ident string, f func(context.Context, *baremetal.Node, Power) error) error {
	n, m, err := c.management(ctx, ident)
	if err != nil {
		return err
	}
	uuid, err := c.accept(ctx, n.UUID, func(*store.Tx, *baremetal.Node) error { return nil })
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	c.run(ctx, uuid, func(ctx context.Context) error {
		result <- f(ctx, n, m)
		return nil
	})
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
