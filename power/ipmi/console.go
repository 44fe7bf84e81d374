package ipmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/ipmi/rmcp"
)

// The names of Ironic's console interfaces for IPMI. Neither of the programs in them runs here.
const (
	ConsoleSocat       = "ipmitool-socat"
	ConsoleShellInABox = "ipmitool-shellinabox"
)

// ValidateConsole checks driver_info; its errors are Ironic's.
func (d *Driver) ValidateConsole(n *baremetal.Node) error {
	i, err := parse(n)
	if err == nil && i.suites[0] == 0 {
		err = invalid("Serial over lan only works with IPMI protocol version 2.0. " +
			"Check the 'ipmi_protocol_version' parameter in node's driver_info")
	}
	return err
}

// OpenConsole opens the machine's serial console by serial over LAN. Its session is the one that
// is kept: it waits for its turn to begin, and calls that switch the machine go beside it.
func (d *Driver) OpenConsole(ctx context.Context, n *baremetal.Node) (baremetal.Terminal, error) {
	i, err := parse(n)
	if err != nil {
		return nil, err
	}
	g := d.gate(i.address)
	if err := g.enter(ctx); err != nil {
		return nil, fmt.Errorf("node %s: wait for other calls to BMC %s: %w", n.Label(), i.address, err)
	}
	defer g.leave()
	c, err := g.console(ctx, i, d.c.Pause)
	if err != nil {
		return nil, explain(n, i, err)
	}
	return terminal{c, n, i}, nil
}

// console opens a session and the console on it.
func (g *gate) console(ctx context.Context, i info, pause time.Duration) (*rmcp.Console, error) {
	if err := limit.Pause(ctx, time.Until(g.ready)); err != nil {
		return nil, err
	}
	defer func() { g.ready = time.Now().Add(pause) }()
	s, err := g.dial(ctx, i)
	if err != nil {
		return nil, err
	}
	c, err := s.Console(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return c, nil
}

// terminal is a console whose errors say which machine and what to do.
type terminal struct {
	*rmcp.Console
	node *baremetal.Node
	info info
}

// Read returns what the machine has written.
func (t terminal) Read(p []byte) (int, error) {
	n, err := t.Console.Read(p)
	for _, kind := range []error{rmcp.ErrNoAnswer, rmcp.ErrEnded} {
		if errors.Is(err, kind) {
			err = explain(t.node, t.info, err)
		}
	}
	return n, err
}
