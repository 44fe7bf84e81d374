package fleet

import (
	"context"
	"strings"

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

// HasConsole returns ErrUnsupported if the node's driver has no console. Only the fake
// driver has one: a flag.
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
		n.ConsoleEnabled = on
		return tx.Nodes().Update(n)
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

// SetBootMode accepts a boot mode for the node; n is the node as the caller has read it. No
// hardware type can set one: as in Ironic, the node's last_error says so.
func (f *Fleet) SetBootMode(ctx context.Context, n *baremetal.Node, mode string) error {
	return f.attempt(ctx, n, "boot mode to '"+mode, "set_boot_mode")
}

// SetSecureBoot is SetBootMode for secure boot; state is True or False.
func (f *Fleet) SetSecureBoot(ctx context.Context, n *baremetal.Node, state string) error {
	return f.attempt(ctx, n, "secure_boot state to '"+state+"'", "set_secure_boot_state")
}

// attempt accepts a request that no hardware type can fulfil. Ironic tries in the
// background, so the failure goes to last_error.
func (f *Fleet) attempt(ctx context.Context, n *baremetal.Node, what, extension string) error {
	if n.ProvisionState.Transient() {
		return conflict("Node is in %s state. Since node is transitioning, the boot mode will not be set as this may interfere "+
			"with ongoing changes and result in erroneous modification. Try again later.", n.ProvisionState)
	}
	return f.edit(ctx, n.UUID, func(tx *store.Tx, n *baremetal.Node) error {
		n.LastError = "Failed to change " + what + ": " + baremetal.Unsupported(n.Driver, extension).Error()
		return save(tx, n, n.LastError)
	})
}

// AttachMedium accepts an image as virtual media of a kind. No hardware type has any: as in
// Ironic, the node's last_error says so.
func (f *Fleet) AttachMedium(ctx context.Context, node, kind string) error {
	return f.report(ctx, node, func(n *baremetal.Node) string {
		return "Could not attach device " + kind + " to node " + n.UUID + ": " + baremetal.Unsupported(n.Driver, "attach_virtual_media").Error()
	})
}

// DetachMedia is AttachMedium for detaching the virtual media of some kinds.
func (f *Fleet) DetachMedia(ctx context.Context, node string, kinds []string) error {
	return f.report(ctx, node, func(n *baremetal.Node) string {
		return "Could not detach device(s) ['" + strings.Join(kinds, "', '") + "'] from node " + n.UUID + ": " +
			baremetal.Unsupported(n.Driver, "detach_virtual_media").Error()
	})
}

// report writes to last_error what came of a request that was accepted.
func (f *Fleet) report(ctx context.Context, ident string, outcome func(n *baremetal.Node) string) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		n.LastError = outcome(n)
		return save(tx, n, n.LastError)
	})
}
