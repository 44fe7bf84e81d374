package fleet

import (
	"cmp"
	"errors"

	"ironhook/baremetal"
)

// The refusals that several rules share, and the conductor's verbs with them.

func invalid(format string, args ...any) error {
	return baremetal.Errorf(baremetal.ErrInvalid, format, args...)
}

func conflict(format string, args ...any) error {
	return baremetal.Errorf(baremetal.ErrConflict, format, args...)
}

// tooNew refuses what the client's Rules do not know.
func tooNew() error { return baremetal.Errorf(baremetal.ErrTooNew, "Request not acceptable.") }

// rekind returns err with another kind if it is of kind from.
func rekind(err, from, to error) error {
	if errors.Is(err, from) {
		return baremetal.Errorf(to, "%s", err)
	}
	return err
}

// Refuse is Ironic's InvalidStateRequested. node is what the client calls the node.
func Refuse(action, node, state string) error {
	return invalid(`The requested action "%s" can not be performed on node "%s" while it is in state "%s".`,
		action, node, cmp.Or(state, "None"))
}

// NoRAID is [baremetal.Unsupported] as Ironic reports it for RAID: not found.
func NoRAID(driver string) error {
	return rekind(baremetal.Unsupported(driver, "raid"), baremetal.ErrUnsupported, baremetal.ErrNotFound)
}

// Unprotected returns ErrForbidden if the node is protected.
func Unprotected(n *baremetal.Node) error {
	if !n.Protected {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrForbidden, "Node %s is protected and cannot be undeployed, rebuilt or deleted", n.UUID)
}

// associated refuses a second instance on a node, or the loss of its instance.
func associated(n *baremetal.Node, instance string) error {
	return conflict("Node %s is associated with instance %s.", n.UUID, instance)
}

// contains refuses to delete a record that others belong to.
func contains(what, uuid, members string) error {
	return invalid("Cannot complete the requested action because %s %s contains %s.", what, uuid, members)
}

// inspecting refuses to change a record of a node while it is inspected. what names
// the record and the node.
func (r Rules) inspecting(n *baremetal.Node, what string) error {
	if n.ProvisionState != baremetal.Inspecting || !r.InspectingLocks {
		return nil
	}
	return conflict(`Cannot update %s while it is in state "inspecting".`, what)
}
