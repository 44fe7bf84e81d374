package fleet

import (
	"context"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// NodePatch is a change of a node that a client asks for.
type NodePatch struct {
	Ident           string    // the UUID or name that the client sent
	Names           []*string // the new names, nil for null
	Orphans         bool      // it sets parent_node to null; removing it is another operation
	Unbinds         bool      // it removes the instance, and does nothing else
	ResetInterfaces bool      // a new driver sets its default interfaces
	// Apply changes the node and returns the names of the fields whose values differ now.
	Apply func(n *baremetal.Node) (changed []string, err error)
}

// Judged are the columns of a node by which UpdateNode may refuse it before it waits for the lock.
var Judged = []string{"uuid", "maintenance", "provision_state", "target_provision_state"}

// UpdateNode changes the node and returns it; n is the node as the caller has read it, with the columns Judged.
func (f *Fleet) UpdateNode(ctx context.Context, n *baremetal.Node, r Rules, p NodePatch) (*baremetal.Node, error) {
	if err := mayUpdate(n, r, p); err != nil { // check before waiting for the lock
		return nil, err
	}
	err := f.edit(ctx, n.UUID, func(tx *store.Tx, now *baremetal.Node) error {
		if err := mayUpdate(now, r, p); err != nil {
			return err
		}
		n = now
		return f.updateNode(tx, n, r, p)
	})
	return n, err
}

// mayUpdate refuses changes of a node in a transient state, and invalid names.
func mayUpdate(n *baremetal.Node, r Rules, p NodePatch) error {
	if !n.Maintenance || !p.Unbinds {
		if transitioning(n) {
			return conflict("Node %s can not be updated while a state transition is in progress.", p.Ident)
		}
		if err := r.inspecting(n, `node "`+n.UUID+`"`); err != nil {
			return err
		}
	}
	if p.Orphans {
		return noParent("None")
	}
	refusal := "Node " + p.Ident + ": Cannot change name to invalid name '%s'"
	for _, name := range p.Names {
		if name == nil {
			return invalid(refusal, "None")
		}
		if err := r.checkName(*name, refusal); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) updateNode(tx *store.Tx, n *baremetal.Node, r Rules, p NodePatch) error {
	before := *n
	changed, err := p.Apply(n)
	if err != nil {
		return err
	}
	n.ConductorGroup = strings.ToLower(n.ConductorGroup)
	if err := checkChassis(tx, n.ChassisUUID); err != nil {
		return err
	}
	if before.ChassisUUID != "" && n.ChassisUUID == "" && !r.ChassisRemovable {
		return tooNew()
	}
	if n.Driver != before.Driver && n.ConsoleEnabled {
		return conflict("Node %s can not update the driver while the console is enabled. Please stop the console first.", p.Ident)
	}
	if err := checkFlags(n, changed); err != nil {
		return err
	}
	if slices.Contains(changed, "parent_node") {
		if err := adoptParent(tx, n); err != nil {
			return err
		}
	}
	nameInstance(n, changed)
	if err := f.updateInterfaces(n, changed, p.ResetInterfaces); err != nil {
		return err
	}
	if err := checkInstance(tx, &before, n, changed); err != nil {
		return err
	}
	if len(changed) == 0 {
		return tx.Nodes().Update(n)
	}
	return save(tx, n, "changed: "+strings.Join(changed, ", "))
}

// nameInstance takes the name of an instance that has none from where compute services
// write it.
func nameInstance(n *baremetal.Node, changed []string) {
	if n.InstanceName == "" && slices.Contains(changed, "instance_info") {
		n.InstanceName = n.InstanceInfo.Text("display_name")
	}
}

// checkFlags checks the rules of maintenance, protected, retired and their reasons.
func checkFlags(n *baremetal.Node, changed []string) error {
	has := func(field string) bool { return slices.Contains(changed, field) }
	if has("maintenance") && !n.Maintenance {
		n.MaintenanceReason, n.Fault = "", ""
	}
	switch {
	case has("protected") && !n.Protected:
		n.ProtectedReason = ""
	case has("protected") && !protectable.has(n.ProvisionState):
		return conflict("Node %s can only be made protected in provision states '%s', the current state is '%s'",
			n.UUID, protectable.join("' or '"), n.ProvisionState)
	}
	if has("protected_reason") && n.ProtectedReason != "" && !n.Protected {
		return invalid("The protected_reason field can only be set when protected is True")
	}
	switch {
	case has("retired") && !n.Retired:
		n.RetiredReason = ""
	case has("retired") && n.ProvisionState == baremetal.Available:
		return conflict("Node %s can not have 'retired' set in provision state 'available', the current state is '%s'", n.UUID, n.ProvisionState)
	}
	if has("retired_reason") && n.RetiredReason != "" && !n.Retired {
		return invalid("The retired_reason field can only be set when retired is True")
	}
	return nil
}

// updateInterfaces checks new interfaces and finds those that a new driver needs.
func (f *Fleet) updateInterfaces(n *baremetal.Node, changed []string, reset bool) error {
	driver := slices.Contains(changed, "driver")
	check := driver
	for _, kind := range baremetal.InterfaceKinds {
		field := kind + "_interface"
		if !slices.Contains(changed, field) {
			if driver && reset {
				delete(n.Interfaces, kind)
			}
			continue
		}
		if !malleable.has(n.ProvisionState) && !n.Maintenance {
			return conflict("Node %s can not have %s updated unless it is in one of allowed (%s) states or in maintenance mode.",
				n.UUID, field, malleable)
		}
		check = true
	}
	if !check && f.conductor.Serves(n) {
		return nil
	}
	return f.conductor.Equip(n)
}

// checkInstance checks the rules of a node with an instance.
func checkInstance(tx *store.Tx, before, n *baremetal.Node, changed []string) error {
	settled := malleable.has(before.ProvisionState)
	instance := slices.Contains(changed, "instance_uuid")
	switch {
	case instance && n.InstanceUUID != "" && before.InstanceUUID != "":
		return associated(n, before.InstanceUUID)
	case slices.Contains(changed, "resource_class") && before.ResourceClass != "" && !settled:
		return conflict("Node %s can not have resource_class updated unless it is in one of allowed (%s) states.", n.UUID, malleable)
	case instance && n.InstanceUUID == "" && n.AllocationUUID != "":
		if !n.Maintenance && !settled {
			return conflict("Node %s with an allocation can not have instance_uuid removed unless it is in one of allowed (%s) states "+
				"or in maintenance mode.", n.UUID, malleable)
		}
		return dropAllocation(tx, n)
	}
	return nil
}
