package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

func allocate(tx *store.Tx, v *baremetal.Allocation) error {
	if v.NodeUUID != "" {
		return adopt(tx, v)
	}
	later := *v
	found, failure, err := match(tx, &later)
	if err != nil {
		return err
	}
	if failure != "" {
		return fail(tx, &later, failure)
	}
	return bind(tx, &later, found)
}

// fail stores the allocation with the reason why it has no node.
func fail(tx *store.Tx, v *baremetal.Allocation, reason string) error {
	v.State, v.NodeUUID, v.LastError = baremetal.AllocationFailed, "", fmt.Sprintf("Failed to process allocation %s: %s.", v.UUID, reason)
	return tx.Allocations().Update(v)
}

// match chooses a node of the resource class that is available, has no instance and has a
// known power state, or one that is about to be known: it is being switched. failure is the reason if there is none.
func match(tx *store.Tx, v *baremetal.Allocation) (found *baremetal.Node, failure string, err error) {
	filters := []store.Filter{
		{Column: "resource_class", Value: v.ResourceClass}, {Column: "provision_state", Value: string(baremetal.Available)},
		{Column: "instance_uuid", Match: store.Null}, {Column: "maintenance", Value: false},
	}
	if len(v.CandidateNodes) > 0 {
		filters = append(filters, store.Filter{Column: "uuid", Match: store.In, Value: v.CandidateNodes})
	}
	free, err := tx.Nodes().List(store.Query{Filters: filters})
	free = keep(free, func(n *baremetal.Node) bool { return n.PowerState != "" || n.TargetPowerState != "" })
	switch {
	case err != nil:
		return nil, "", err
	case len(free) == 0 && len(v.CandidateNodes) > 0:
		return nil, "none of the requested nodes are available and match the resource class " + v.ResourceClass, nil
	case len(free) == 0:
		return nil, "no available nodes match the resource class " + v.ResourceClass, nil
	}
	best := choose(v, free)
	if len(best) == 0 {
		return nil, "no suitable nodes have the requested traits " + strings.Join(v.Traits, ", "), nil
	}
	return best[rand.IntN(len(best))], "", nil
}

// choose returns the best of the free nodes, from which the caller picks at random. They
// must have the traits and the owner. A node with the allocation's own name is preferred,
// then nodes that are not reserved. A reserved available node is only changing its power,
// which an allocation does not disturb.
func choose(v *baremetal.Allocation, free []*baremetal.Node) []*baremetal.Node {
	suitable := keep(free, func(n *baremetal.Node) bool {
		return !lacksTraits(n, v) && (v.Owner == "" || v.Owner == n.Owner || v.Owner == n.Lessee)
	})
	if namesake := keep(suitable, func(n *baremetal.Node) bool { return v.Name != "" && n.Name == v.Name }); len(namesake) > 0 {
		return namesake
	}
	if idle := keep(suitable, func(n *baremetal.Node) bool { return n.Reservation == "" }); len(idle) > 0 {
		return idle
	}
	return suitable
}

func keep(all []*baremetal.Node, fits func(*baremetal.Node) bool) []*baremetal.Node {
	return slices.DeleteFunc(slices.Clone(all), func(n *baremetal.Node) bool { return !fits(n) })
}

func lacksTraits(n *baremetal.Node, v *baremetal.Allocation) bool {
	return slices.ContainsFunc(v.Traits, func(t string) bool { return !slices.Contains(n.Traits, t) })
}

// bind assigns the node to the allocation.
func bind(tx *store.Tx, v *baremetal.Allocation, n *baremetal.Node) error {
	v.State, v.NodeUUID = baremetal.AllocationActive, n.UUID
	n.AllocationUUID, n.InstanceUUID = v.UUID, v.UUID
	info := baremetal.Object{}
	maps.Copy(info, n.InstanceInfo)
	info["traits"] = append([]string{}, v.Traits...)
	n.InstanceInfo = info
	if err := tx.Nodes().Update(n); err != nil {
		return err
	}
	if err := tx.Allocations().Update(v); err != nil {
		return err
	}
	return record(tx, n, "allocated to "+cmp.Or(v.Name, v.UUID))
}

// adopt makes the allocation of a node in use.
func adopt(tx *store.Tx, v *baremetal.Allocation) error {
	n, err := tx.Nodes().Get(v.NodeUUID)
	if err != nil {
		return err
	}
	if n.InstanceUUID != "" && n.InstanceUUID != v.UUID || n.AllocationUUID != "" {
		return associated(n, cmp.Or(n.AllocationUUID, n.InstanceUUID))
	}
	if err := Free(n); err != nil {
		return err
	}
	if reason := misfit(v, n); reason != "" {
		return fail(tx, v, "Cannot backfill an allocation for node "+n.UUID+": "+reason)
	}
	return bind(tx, v, n)
}

// misfit returns why a node in use does not match the allocation, or "".
func misfit(v *baremetal.Allocation, n *baremetal.Node) string {
	var reasons []string
	if n.ProvisionState != baremetal.Active {
		reasons = append(reasons, fmt.Sprintf(`Node must be in the "active" state, but the current state is "%s"`, n.ProvisionState))
	}
	if v.ResourceClass != n.ResourceClass {
		reasons = append(reasons, fmt.Sprintf("Resource class %s does not match the requested resource class %s",
			n.ResourceClass, v.ResourceClass))
	}
	if lacksTraits(n, v) {
		reasons = append(reasons, fmt.Sprintf("List of traits %s does not match the requested traits %s", n.Traits, v.Traits))
	}
	if len(v.CandidateNodes) > 0 && !slices.Contains(v.CandidateNodes, n.UUID) {
		reasons = append(reasons, fmt.Sprintf("Candidate nodes must be empty or contain the target node, but got %s", v.CandidateNodes))
	}
	return strings.Join(reasons, "; ")
}
