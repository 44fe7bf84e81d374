package conductor

import (
	"context"

	"ironhook/baremetal"
)

// Consoles is an optional interface of a [Power]: it serves Ironic's console interface.
type Consoles interface {
	// ValidateConsole is Validate for the console.
	ValidateConsole(n *baremetal.Node) error
	// OpenConsole opens the serial console of the machine.
	OpenConsole(ctx context.Context, n *baremetal.Node) (baremetal.Terminal, error)
}

// CheckConsole reports what keeps the node from having a console; it asks no BMC.
func (c *Conductor) CheckConsole(n *baremetal.Node) error {
	if !n.Interfaces.Has("console") {
		return unsupported(n, "console")
	}
	if p, ok := c.powers[n.Interfaces["console"]].(Consoles); ok && n.Interfaces.HasLine() {
		return p.ValidateConsole(n)
	}
	return nil
}

// OpenConsole opens the serial console of a node.
func (c *Conductor) OpenConsole(ctx context.Context, ident string) (baremetal.Terminal, error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return nil, err
	}
	if err := c.CheckConsole(n); err != nil {
		return nil, err
	}
	p, ok := c.powers[n.Interfaces["console"]].(Consoles)
	if !ok {
		return nil, unsupported(n, "console")
	}
	return p.OpenConsole(ctx, n)
}
