package fleet

import (
	"cmp"
	"errors"

	"ironhook/baremetal"
)

// The refusals that several rules and the conductor's verbs share.

func invalid(format string, args ...any) error {
	return baremetal.Errorf(baremetal.ErrInvalid, format, args...)
}

func conflict(format string, args ...any) error {
	return baremetal.Errorf(baremetal.ErrConflict, format, args...)
}

// tooNew is the error of a request beyond the client's Rules.
func tooNew() error { return baremetal.Errorf(baremetal.ErrTooNew, "Request not acceptable.") }

// rekind returns err with another kind if it is of kind from.
func rekind(err, from, to error) error {
	if errors.Is(err, from) {
		return baremetal.Errorf(to, "%s", err)
	}
	return err
}

// Refuse is Ironic's InvalidStateRequested. node is the name by which the client refers to
// the node.
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

// associated is the error of a node that already has an instance.
func associated(n *baremetal.Node, instance string) error {
	return conflict("Node %s is associated with instance %s.", n.UUID, instance)
}

// contains is the error of deleting a record to which others belong.
func contains(what, uuid, members string) error {
	return invalid("Cannot complete the requested action because %s %s contains %s.", what, uuid, members)
}

// inspecting returns an error if the node is being inspected. what names the record and the
// node.
func (r Rules) inspecting(n *baremetal.Node, what string) error {
	if n.ProvisionState != baremetal.Inspecting || !r.InspectingLocks {
		return nil
	}
	return conflict(`Cannot update %s while it is in state "inspecting".`, what)
}
