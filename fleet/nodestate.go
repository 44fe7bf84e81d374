package fleet

import (
	"context"

	"ironhook/baremetal"
	"ironhook/store"
)

// SetMaintenance puts the node into maintenance for a reason, or takes it out.
func (f *Fleet) SetMaintenance(ctx context.Context, ident string, on bool, reason string) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		n.Maintenance, n.MaintenanceReason = on, reason
		if on {
			return save(tx, n, "maintenance on")
		}
		n.Fault = ""
		return save(tx, n, "maintenance off")
	})
}

// HasConsole returns ErrUnsupported if the node has no console interface.
func HasConsole(n *baremetal.Node) error {
	if !n.Interfaces.Has("console") {
		return baremetal.Unsupported(n.Driver, "console")
	}
	return nil
}

// SetConsole switches the node's console on or off.
func (f *Fleet) SetConsole(ctx context.Context, ident string, on bool) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if err := HasConsole(n); err != nil {
			return err
		}
		if n.ConsoleEnabled == on {
			return nil
		}
		n.ConsoleEnabled = on
		return save(tx, n, map[bool]string{true: "console enabled", false: "console disabled"}[on])
	})
}

// SetTargetRAID stores the RAID configuration for the next cleaning. check validates its
// form, if the node can have one.
func (f *Fleet) SetTargetRAID(
	ctx context.Context, ident string, r Rules, config baremetal.Object, check func(baremetal.Object) error,
) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if !r.TargetRAID {
			return tooNew()
		}
		if !n.Interfaces.Has("raid") {
			return NoRAID(n.Driver)
		}
		if err := check(config); err != nil {
			return err
		}
		n.TargetRAIDConfig = config
		return tx.Nodes().Update(n)
	})
}
