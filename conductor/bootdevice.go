package conductor

import (
	"context"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// BootDevices lists what the node can be told to boot from.
func (c *Conductor) BootDevices(ctx context.Context, ident string) ([]string, error) {
	_, m, err := c.management(ctx, ident)
	if err != nil {
		return nil, err
	}
	return m.BootDevices(), nil
}

// BootDevice asks the node's BMC what it boots from; "" is unknown.
func (c *Conductor) BootDevice(ctx context.Context, ident string) (device string, persistent bool, err error) {
	n, m, err := c.management(ctx, ident)
	if err != nil {
		return "", false, err
	}
	return m.BootDevice(ctx, n)
}

// SetBootDevice tells the node's BMC what to boot from, holding the node while it
// does.
func (c *Conductor) SetBootDevice(ctx context.Context, ident, device string, persistent bool) error {
	return c.manage(ctx, ident, func(ctx context.Context, n *baremetal.Node, m Power) error {
		if !slices.Contains(m.BootDevices(), device) {
			return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified.", device)
		}
		return m.SetBootDevice(ctx, n, device, persistent)
	})
}

// InjectNMI makes the node's operating system dump itself.
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

// manage runs f on a reserved node and waits for it: these calls answer with
// their outcome, not with 202.
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
