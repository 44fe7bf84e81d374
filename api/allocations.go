package api

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

type allocation = baremetal.Allocation

func allocationUUID(v *allocation) string { return v.UUID }

var allocations = newResource(resource[allocation]{
	plural: "allocations", path: "allocations", body: "allocation", ident: "allocation_ident",
	rows: (*store.Tx).Allocations, uuid: allocationUUID, allowed: []string{"name", "extra"},
	fields: []field[allocation]{
		ident("uuid", 52, create, func(v *allocation) *string { return &v.UUID }),
		created(func(v *allocation) *timeOf { return &v.CreatedAt }),
		updated(func(v *allocation) *timeOf { return &v.UpdatedAt }),
		stringsField("candidate_nodes", &schema{types: []string{"string"}}, func(v *allocation) *[]string { return &v.CandidateNodes }),
		object("extra", 52, create|patch, func(v *allocation) *baremetal.Object { return &v.Extra }),
		text("last_error", 52, 0, func(v *allocation) *string { return &v.LastError }),
		text("name", 52, create|patch, func(v *allocation) *string { return &v.Name }),
		text("owner", 60, create, func(v *allocation) *string { return &v.Owner }),
		text("resource_class", 52, create, func(v *allocation) *string { return &v.ResourceClass }).max(80),
		text("state", 52, 0, func(v *allocation) *baremetal.AllocationState { return &v.State }),
		stringsField("traits", traitSchema, func(v *allocation) *[]string { return &v.Traits }),
		links("links", 52, always, "allocations", allocationUUID, ""),
		text("node_uuid", 52, 0, func(v *allocation) *string { return &v.NodeUUID }),
		backfill(),
	},
})

func stringsField(name string, item *schema, at func(*allocation) *[]string) field[allocation] {
	return field[allocation]{name: name, since: 52, access: create | unsorted, column: name,
		put: func(b []byte, _ *call, v *allocation) []byte { return appendStrings(b, *at(v)) },
		set: func(v *allocation, list any) {
			items, _ := list.([]any)
			*at(v) = asStrings(items)
		},
		schema: &schema{types: []string{"array", "null"}, items: item}}
}

// backfill is "node": a node that is in use already and gets an allocation after
// the fact. It is written and never shown.
func backfill() field[allocation] {
	f := text("node", 52, create|implicit, func(v *allocation) *string { return &v.NodeUUID })
	f.column, f.hidden = "", true
	return f
}

var allocationKind = collection[allocation]{resource: allocations, noun: "allocation", since: 52, named: true,
	older: "The API version does not allow allocations", plain: true,
	filters:  []argument{optional("node", anIdent), optional("resource_class", aString), optional("state", aString), optional("owner", aString)},
	id:       func(v *allocation) *string { return &v.UUID },
	filter:   filterAllocations,
	creating: prepareAllocation,
	created:  allocate,
	mayPatch: func(c *call) error {
		if c.minor < 57 {
			return faultf(http.StatusMethodNotAllowed, "The API version does not allow updating allocations")
		}
		return nil
	},
	updating: func(_ *call, _ *store.Tx, v *allocation, _ []operation) error {
		if v.Name != "" && !isName(v.Name) {
			return invalid("Cannot update allocation with invalid name '%s'", v.Name)
		}
		return nil
	},
	deleting: release,
}

func allocationRoutes() []route {
	return slices.Concat(allocationKind.routes(), []route{
		{method: "GET", path: "/nodes/{node_ident}/allocation", since: 52, gate: lookup404, args: []argument{nodeArg, optional("fields", aList)}, handle: showNodeAllocation, doc: "Show the allocation of a node"},
		{method: "DELETE", path: "/nodes/{node_ident}/allocation", since: 52, gate: lookup404, args: []argument{nodeArg}, status: http.StatusNoContent, handle: deleteNodeAllocation, doc: "Delete the allocation of a node"},
	})
}

func filterAllocations(c *call, tx *store.Tx, l *listing) error {
	if c.args.given("owner") && c.minor < 60 {
		return notAcceptable(0)
	}
	for _, name := range []string{"resource_class", "state", "owner"} {
		l.where(c, name, name)
	}
	ident := c.args.text("node")
	if ident == "" {
		return nil
	}
	n, err := c.findNode(tx, ident)
	if err != nil {
		return as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	l.query.Filters = append(l.query.Filters, store.Where("node_uuid", n.UUID).Filters...)
	l.keep("node", ident)
	return nil
}

// prepareAllocation checks what is asked for and calls nodes by their UUIDs.
func prepareAllocation(c *call, tx *store.Tx, v *allocation, _ baremetal.Object) error {
	if v.Name != "" && !isName(v.Name) {
		return invalid("Cannot create allocation with invalid name '%s'", v.Name)
	}
	v.State = baremetal.Allocating
	var n *node
	if v.NodeUUID != "" {
		if c.minor < 58 {
			return invalid("Cannot set node when creating an allocation in this API version")
		}
		var err error
		if n, err = c.findNode(tx, v.NodeUUID); err != nil {
			return as(err, baremetal.ErrNotFound, http.StatusBadRequest)
		}
		v.NodeUUID, v.ResourceClass, v.UUID = n.UUID, cmp.Or(v.ResourceClass, n.ResourceClass), cmp.Or(v.UUID, n.InstanceUUID)
	}
	if v.ResourceClass == "" && n == nil {
		return invalid("The resource_class field is mandatory when not backfilling")
	}
	var unknown []string
	for i, ident := range v.CandidateNodes {
		n, err := tx.Nodes().Get(ident)
		switch {
		case isKind(err, baremetal.ErrNotFound):
			unknown = append(unknown, ident)
		case err != nil:
			return err
		default:
			v.CandidateNodes[i] = n.UUID
		}
	}
	if unknown != nil {
		return invalid("Nodes cannot be found: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// allocate finds the node. Ironic does so in the background; here it is one
// transaction with the request, so that no client ever has to wait for it. The
// answer is still the allocation as it was made, for clients that count on it.
func allocate(_ *call, tx *store.Tx, v *allocation) error {
	if v.NodeUUID != "" {
		return adoptNode(tx, v)
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

// fail keeps the allocation with the reason why it has no node.
func fail(tx *store.Tx, v *allocation, reason string) error {
	v.State, v.NodeUUID, v.LastError = baremetal.AllocationFailed, "", fmt.Sprintf("Failed to process allocation %s: %s.", v.UUID, reason)
	return tx.Allocations().Update(v)
}

// match chooses a node: available, free, with a known power state, of the class
// and with the traits. A node of the allocation's own name comes first, then those
// at rest: what is going on with an available node is a change of power, which
// an allocation does not disturb. Among equals chance decides.
func match(tx *store.Tx, v *allocation) (found *node, failure string, err error) {
	filters := []store.Filter{
		{Column: "resource_class", Value: v.ResourceClass}, {Column: "provision_state", Value: string(baremetal.Available)},
		{Column: "instance_uuid", Match: store.Null}, {Column: "power_state", Match: store.NotNull},
		{Column: "maintenance", Value: false},
	}
	if len(v.CandidateNodes) > 0 {
		filters = append(filters, store.Filter{Column: "uuid", Match: store.In, Value: v.CandidateNodes})
	}
	free, err := tx.Nodes().List(store.Query{Filters: filters})
	switch {
	case err != nil:
		return nil, "", err
	case len(free) == 0 && len(v.CandidateNodes) > 0:
		return nil, "none of the requested nodes are available and match the resource class " + v.ResourceClass, nil
	case len(free) == 0:
		return nil, "no available nodes match the resource class " + v.ResourceClass, nil
	}
	free = slices.DeleteFunc(free, func(n *node) bool {
		return slices.ContainsFunc(v.Traits, func(t string) bool { return !slices.Contains(n.Traits, t) }) ||
			v.Owner != "" && v.Owner != n.Owner && v.Owner != n.Lessee
	})
	if len(free) == 0 {
		return nil, "no suitable nodes have the requested traits " + strings.Join(v.Traits, ", "), nil
	}
	if i := slices.IndexFunc(free, func(n *node) bool { return v.Name != "" && n.Name == v.Name }); i >= 0 {
		return free[i], "", nil
	}
	idle := slices.DeleteFunc(slices.Clone(free), func(n *node) bool { return n.Reservation != "" })
	if len(idle) > 0 {
		free = idle
	}
	return free[rand.IntN(len(free))], "", nil
}

// bind gives the node to the allocation.
func bind(tx *store.Tx, v *allocation, n *node) error {
	v.State, v.NodeUUID = baremetal.AllocationActive, n.UUID
	n.AllocationUUID, n.InstanceUUID = v.UUID, v.UUID
	info := baremetal.Object{}
	for k, value := range n.InstanceInfo {
		info[k] = value
	}
	info["traits"] = append([]string{}, v.Traits...)
	n.InstanceInfo = info
	if err := tx.Nodes().Update(n); err != nil {
		return err
	}
	if err := tx.Allocations().Update(v); err != nil {
		return err
	}
	return tell(tx, n, "allocated to "+cmp.Or(v.Name, v.UUID))
}

// adoptNode makes the allocation of a node in use.
func adoptNode(tx *store.Tx, v *allocation) error {
	n, err := tx.Nodes().Get(v.NodeUUID)
	switch {
	case err != nil:
		return err
	case n.InstanceUUID != "" && n.InstanceUUID != v.UUID, n.AllocationUUID != "":
		return conflict("Node %s is associated with instance %s.", n.UUID, cmp.Or(n.AllocationUUID, n.InstanceUUID))
	case n.Reservation != "":
		return conflict("Node %s is locked by host %s, please retry after the current operation is completed.", n.UUID, n.Reservation)
	}
	if reason := misfit(v, n); reason != "" {
		return fail(tx, v, "Cannot backfill an allocation for node "+n.UUID+": "+reason)
	}
	return bind(tx, v, n)
}

// misfit tells why a node in use is not what the allocation describes, "" when it is.
func misfit(v *allocation, n *node) string {
	var reasons []string
	if n.ProvisionState != baremetal.Active {
		reasons = append(reasons, fmt.Sprintf(`Node must be in the "active" state, but the current state is "%s"`, n.ProvisionState))
	}
	if v.ResourceClass != n.ResourceClass {
		reasons = append(reasons, fmt.Sprintf("Resource class %s does not match the requested resource class %s", n.ResourceClass, v.ResourceClass))
	}
	if slices.ContainsFunc(v.Traits, func(t string) bool { return !slices.Contains(n.Traits, t) }) {
		reasons = append(reasons, fmt.Sprintf("List of traits %s does not match the requested traits %s", n.Traits, v.Traits))
	}
	if len(v.CandidateNodes) > 0 && !slices.Contains(v.CandidateNodes, n.UUID) {
		reasons = append(reasons, fmt.Sprintf("Candidate nodes must be empty or contain the target node, but got %s", v.CandidateNodes))
	}
	return strings.Join(reasons, "; ")
}

// release takes the node back, when nothing runs on it.
func release(_ *call, tx *store.Tx, v *allocation) error {
	if v.NodeUUID == "" {
		return nil
	}
	n, err := tx.Nodes().Get(v.NodeUUID)
	switch {
	case err != nil:
		return err
	case n.Reservation != "":
		return conflict("Node %s is locked by host %s, please retry after the current operation is completed.", n.UUID, n.Reservation)
	case !n.Maintenance && n.TargetProvisionState != "" && !slices.Contains(updatable, n.ProvisionState):
		return conflict("Cannot remove allocation %s for node %s, because the node is in state %s where updates are not allowed (and maintenance mode is off)", v.UUID, n.UUID, n.ProvisionState)
	case !n.Maintenance && n.ProvisionState == baremetal.Active:
		return conflict("Cannot remove allocation %s for node %s, because the node is active (and maintenance mode is off)", v.UUID, n.UUID)
	}
	n.AllocationUUID, n.InstanceUUID = "", ""
	if err := tx.Nodes().Update(n); err != nil {
		return err
	}
	return tell(tx, n, "no longer allocated")
}

// dropAllocation deletes the allocation of a node whose instance is taken off; the
// caller writes the node.
func dropAllocation(tx *store.Tx, n *node) error {
	uuid := n.AllocationUUID
	n.AllocationUUID = ""
	err := tx.Allocations().Delete(uuid)
	if isKind(err, baremetal.ErrNotFound) {
		return nil
	}
	return err
}

func (c *call) nodeAllocation(tx *store.Tx) (*allocation, error) {
	n, err := c.nodeIn(tx)
	if err != nil {
		return nil, as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	list, err := tx.Allocations().List(store.Where("node_uuid", n.UUID))
	if err == nil && len(list) == 0 {
		return nil, faultf(http.StatusNotFound, "Allocation for node %s was not found", c.args.text("node_ident"))
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func showNodeAllocation(c *call) ([]byte, error) {
	var v *allocation
	err := c.store.View(c.ctx, func(tx *store.Tx) (err error) {
		v, err = c.nodeAllocation(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return allocations.show(c, v, c.args.list("fields"))
}

func deleteNodeAllocation(c *call) ([]byte, error) {
	return nil, c.store.Update(c.ctx, func(tx *store.Tx) error {
		v, err := c.nodeAllocation(tx)
		if err != nil {
			return err
		}
		if err := release(c, tx, v); err != nil {
			return err
		}
		return tx.Allocations().Delete(v.UUID)
	})
}
