package api

import (
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/fleet"
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
	filters: []argument{optional("node", anIdent), optional("resource_class", aString), optional("state", aString), optional("owner", aString)},
	filter:  filterAllocations,
	mayPatch: func(c *call) error {
		if c.minor < 57 {
			return faultf(http.StatusMethodNotAllowed, "The API version does not allow updating allocations")
		}
		return nil
	},
	insert: func(c *call, v *allocation) error { return c.fleet.CreateAllocation(c.ctx, c.rules(), v) },
	update: func(c *call, ident string, p fleet.Patch[allocation]) (*allocation, error) {
		return c.fleet.UpdateAllocation(c.ctx, ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteAllocation(c.ctx, ident) },
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

func showNodeAllocation(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	v, err := c.fleet.AllocationOf(c.ctx, n.UUID, c.args.text("node_ident"))
	if err != nil {
		return nil, err
	}
	return allocations.show(c, v, c.args.list("fields"))
}

func deleteNodeAllocation(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	return nil, c.fleet.DeleteAllocationOf(c.ctx, n.UUID, c.args.text("node_ident"))
}
