package fleet

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"

	"github.com/google/uuid"
)

// CreateNode enrols a node. given are the fields as the client sent them.
func (f *Fleet) CreateNode(ctx context.Context, r Rules, n *baremetal.Node, given baremetal.Object) error {
	n.UUID = cmp.Or(n.UUID, uuid.NewString())
	if n.DisablePowerOff == nil {
		n.DisablePowerOff = new(bool)
	}
	n.ProvisionState = baremetal.Available
	if r.Enrols {
		n.ProvisionState = baremetal.Enroll
	}
	if err := checkGiven(r, n, given); err != nil {
		return err
	}
	return f.store.Update(ctx, func(tx *store.Tx) error {
		if err := checkChassis(tx, n.ChassisUUID); err != nil {
			return err
		}
		if err := adoptParent(tx, n); err != nil {
			return err
		}
		if err := f.conductor.Equip(n); err != nil {
			return err
		}
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		return record(tx, n, "created "+n.Label())
	})
}

func checkGiven(r Rules, n *baremetal.Node, given baremetal.Object) error {
	if name, ok := given["name"].(string); ok {
		if err := r.checkName(name, "Cannot create node with invalid name '%s'"); err != nil {
			return err
		}
	}
	for _, field := range []string{"maintenance", "console_enabled"} {
		if v, ok := given[field]; ok && v == nil {
			return invalid("Field `%s' cannot be None", field)
		}
	}
	if n.Owner != "" {
		// There are no projects here, so no node can have an owner. This is Ironic's
		// message without Keystone.
		return invalid("Cannot create a node as a project scoped admin with an owner other than your own project.")
	}
	return nil
}

// adoptParent replaces the name of a node's parent by its UUID. The parent may be the node
// itself.
func adoptParent(tx *store.Tx, n *baremetal.Node) error {
	if n.ParentNode == "" || n.ParentNode == n.UUID {
		return nil
	}
	parent, err := tx.Nodes().Find(n.ParentNode)
	if err != nil {
		return err
	}
	if parent == nil {
		return noParent(n.ParentNode)
	}
	n.ParentNode = parent.UUID
	return nil
}

func noParent(ident string) error {
	return invalid("Unable to apply the requested parent_node '%s'. Requested value was invalid.", ident)
}

// reserved are the words that are routes under /v1/nodes/.
var reserved = []string{"maintenance", "management", "states", "vendor_passthru", "detail", "validate"}

// hostName is the form of names under HostNames.
var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9_-]{0,62}[a-z0-9])*\.?$`)

// checkName checks a new name of a node. refusal is the message for an invalid one.
func (r Rules) checkName(name, refusal string) error {
	switch {
	case r.Names == NoNames:
		return tooNew()
	case !baremetal.IsName(name) || r.Names == HostNames && !hostName.MatchString(name) || baremetal.IsUUID(name):
		return invalid(refusal, name)
	case slices.Contains(reserved, name):
		return invalid(`The word "%s" is reserved and can not be used as a node name. Reserved words are: %s.`,
			name, strings.Join(reserved, ", "))
	}
	return nil
}

// DeleteNode deletes the node and all records that belong to it.
func (f *Fleet) DeleteNode(ctx context.Context, ident string) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if err := mayDelete(n); err != nil {
			return err
		}
		if err := record(tx, n, "deleted "+n.Label()); err != nil {
			return err
		}
		if err := keepVolumes(tx, n); err != nil {
			return err
		}
		return tx.Nodes().Delete(n.UUID)
	})
}

// keepVolumes makes the volumes of a deployed node independent of it, so that they stay
// when it is deleted. Those of a node that is not deployed are deleted with it.
func keepVolumes(tx *store.Tx, n *baremetal.Node) error {
	if !n.ProvisionState.Holds() {
		return nil
	}
	targets, err := tx.Targets().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return err
	}
	for _, t := range targets {
		v, err := tx.Volumes().Find(t.VolumeID)
		if err != nil {
			return err
		}
		if v == nil || v.NodeUUID != n.UUID {
			continue
		}
		v.NodeUUID = ""
		if err := tx.Volumes().Update(v); err != nil {
			return err
		}
	}
	return nil
}

func mayDelete(n *baremetal.Node) error {
	if n.InstanceUUID != "" && !n.Maintenance {
		return associated(n, n.InstanceUUID)
	}
	if err := Unprotected(n); err != nil {
		return err
	}
	if !n.Maintenance && !deletable.has(n.ProvisionState) {
		return conflict("Can not delete node \"%s\" while it is in provision state \"%s\". Valid provision states to perform deletion are: "+
			"\"('%s')\", or set the node into maintenance mode", n.UUID, n.ProvisionState, deletable.join("', '"))
	}
	return nil
}
