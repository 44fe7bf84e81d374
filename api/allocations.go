package api

import (
	"cmp"
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
