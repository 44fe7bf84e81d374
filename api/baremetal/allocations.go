package baremetalapi

import (
	"net/http"
	"slices"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type allocation = baremetal.Allocation

func allocationUUID(v *allocation) string { return v.UUID }

var allocations = table[allocation]{rows: (*store.Tx).Allocations, Resource: rest.NewResource(rest.Resource[allocation]{
	Plural: "allocations", Path: "allocations", Body: "allocation", Ident: "allocation_ident",
	UUID: allocationUUID, Allowed: []string{"name", "extra"},
	Fields: []rest.Field[allocation]{
		rest.UUIDField("uuid", 52, rest.Create, func(v *allocation) *string { return &v.UUID }),
		rest.Created(func(v *allocation) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *allocation) *time.Time { return &v.UpdatedAt }),
		stringsField("candidate_nodes", &rest.Schema{Types: []string{"string"}}, func(v *allocation) *[]string { return &v.CandidateNodes }),
		rest.ObjectField("extra", 52, rest.Create|rest.Update, func(v *allocation) *baremetal.Object { return &v.Extra }),
		rest.TextField("last_error", 52, 0, func(v *allocation) *string { return &v.LastError }),
		rest.TextField("name", 52, rest.Create|rest.Update, func(v *allocation) *string { return &v.Name }),
		rest.TextField("owner", 60, rest.Create, func(v *allocation) *string { return &v.Owner }),
		rest.TextField("resource_class", 52, rest.Create, func(v *allocation) *string { return &v.ResourceClass }).Max(80),
		rest.TextField("state", 52, 0, func(v *allocation) *baremetal.AllocationState { return &v.State }),
		stringsField("traits", traitSchema, func(v *allocation) *[]string { return &v.Traits }),
		rest.LinksField("links", 52, rest.Always, "allocations", allocationUUID, ""),
		rest.TextField("node_uuid", 52, 0, func(v *allocation) *string { return &v.NodeUUID }),
		backfill(),
	},
})}

func stringsField(name string, item *rest.Schema, at func(*allocation) *[]string) rest.Field[allocation] {
	return rest.Field[allocation]{Name: name, Since: 52, Access: rest.Create | rest.Unsorted, Column: name,
		Put: func(b []byte, _ *rest.Call, v *allocation) []byte { return rest.AppendStrings(b, *at(v)) },
		Set: func(v *allocation, list any) {
			items, _ := list.([]any)
			*at(v) = asStrings(items)
		},
		Schema: &rest.Schema{Types: []string{"array", "null"}, Items: item}}
}

// backfill is "node": a node that is in use already and gets an allocation after
// the fact. It is written and never shown.
func backfill() rest.Field[allocation] {
	f := rest.TextField("node", 52, rest.Create|rest.Implicit, func(v *allocation) *string { return &v.NodeUUID })
	f.Column, f.Hidden = "", true
	return f
}

var allocationKind = collection[allocation]{table: allocations, noun: "allocation", since: 52, named: true,
	older: "The API version does not allow allocations", plain: true,
	filters: args{rest.Optional("node", rest.Ident), rest.Optional("resource_class", rest.String),
		rest.Optional("state", rest.String), rest.Optional("owner", rest.String)},
	filter: filterAllocations,
	mayPatch: func(c *call) error {
		if c.Minor < 57 {
			return rest.Refuse(http.StatusMethodNotAllowed, "The API version does not allow updating allocations")
		}
		return nil
	},
	insert: func(c *call, v *allocation) error { return c.fleet.CreateAllocation(c.Context(), c.rules(), v) },
	update: func(c *call, ident string, p fleet.Patch[allocation]) (*allocation, error) {
		return c.fleet.UpdateAllocation(c.Context(), ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteAllocation(c.Context(), ident) },
}

func allocationRoutes() []route {
	return slices.Concat(allocationKind.routes(), []route{
		{Method: "GET", Path: "/nodes/{node_ident}/allocation", Since: 52, Gate: rest.ErrNoRoute,
			Args: args{nodeArg, rest.Optional("fields", rest.Words)}, Handle: showNodeAllocation, Doc: "Show the allocation of a node"},
		{Method: "DELETE", Path: "/nodes/{node_ident}/allocation", Since: 52, Gate: rest.ErrNoRoute, Args: args{nodeArg},
			Status: http.StatusNoContent, Handle: deleteNodeAllocation, Doc: "Delete the allocation of a node"},
	})
}

func filterAllocations(c *call, tx *store.Tx, l *listing) error {
	if c.Args.Given("owner") && c.Minor < 60 {
		return rest.NotAcceptable(0)
	}
	for _, name := range []string{"resource_class", "state", "owner"} {
		l.where(c, name, name)
	}
	ident := c.Args.Text("node")
	if ident == "" {
		return nil
	}
	n, err := c.findNode(tx, ident)
	if err != nil {
		return unknownNode(err)
	}
	l.match("node_uuid", n.UUID)
	l.Keep("node", ident)
	return nil
}

func showNodeAllocation(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, unknownNode(err)
	}
	v, err := c.fleet.AllocationOf(c.Context(), n.UUID, c.Args.Text("node_ident"))
	if err != nil {
		return nil, err
	}
	return allocations.Show(c.Call, v, c.Args.List("fields"))
}

func deleteNodeAllocation(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, unknownNode(err)
	}
	return nil, c.fleet.DeleteAllocationOf(c.Context(), n.UUID, c.Args.Text("node_ident"))
}
