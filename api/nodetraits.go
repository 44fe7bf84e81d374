package api

import (
	"net/http"
	"regexp"
)

var (
	traitSchema = &schema{types: []string{"string"}, min: 1, max: 255, anyOf: []*schema{
		{pattern: regexp.MustCompile(`^CUSTOM_[A-Z0-9_]+$`)},
		{pattern: regexp.MustCompile(`^(HW|STORAGE|COMPUTE|MISC|OWNER)_[A-Z0-9_]+$`)}, // the namespaces of os-traits
	}}
	traitsSchema = &schema{types: []string{"object"}, closed: true,
		props: map[string]*schema{"traits": {types: []string{"array"}, items: traitSchema}}}
	aTrait   = kind{func(name string, v any) (any, error) { return v, traitSchema.check(name, v) }, "string"}
	aTraits  = kind{func(name string, v any) (any, error) { return v, traitsSchema.check(name, v) }, "object"}
	traitArg = optional("trait", aTrait)
)

var nodeTraitRoutes = []route{
	{method: "GET", path: "/nodes/{node_ident}/traits", since: 37, gate: notAcceptable(0), args: []argument{nodeArg}, handle: listTraits, doc: "List a node's traits"},
	{method: "PUT", path: "/nodes/{node_ident}/traits", since: 37, gate: abort(http.StatusMethodNotAllowed, ""), args: []argument{nodeArg, mandatory("body", aTraits)}, body: "body",
		status: http.StatusNoContent, handle: putTraits, doc: "Replace a node's traits"},
	{method: "DELETE", path: "/nodes/{node_ident}/traits", since: 37, args: []argument{nodeArg}, status: http.StatusNoContent, handle: deleteTraits, doc: "Remove all of a node's traits"},
	{method: "PUT", path: "/nodes/{node_ident}/traits/{trait}", since: 37, gate: abort(http.StatusMethodNotAllowed, ""), args: []argument{nodeArg, traitArg, mandatory("body", anyValue)}, body: "body",
		status: http.StatusNoContent, handle: putTrait, doc: "Add a trait to a node"},
	{method: "DELETE", path: "/nodes/{node_ident}/traits/{trait}", since: 37, args: []argument{nodeArg, optional("trait", aString)}, status: http.StatusNoContent,
		handle: deleteTrait, doc: "Remove a trait from a node"},
}

func listTraits(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return append(appendStrings(appendKey([]byte{'{'}, "traits"), n.Traits), '}'), nil
}

// withNode answers with what change does to the node that the path names.
func withNode(c *call, change func(uuid string) error) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, change(n.UUID)
}

func putTraits(c *call) ([]byte, error) {
	body := asObject(c.args["body"])
	list, ok := body["traits"].([]any)
	if !ok {
		return putTraitsAndTrait()
	}
	return withNode(c, func(uuid string) error { return c.fleet.SetTraits(c.ctx, uuid, asStrings(list)) })
}

// putTraitsAndTrait says how to set one trait and how all.
func putTraitsAndTrait() ([]byte, error) {
	return nil, invalid("A single node trait may be added via PUT /v1/nodes/<node identifier>/traits/<trait> with no body, " +
		"or all node traits may be replaced via PUT /v1/nodes/<node identifier>/traits with the list of traits specified in the request body.")
}

func asStrings(list []any) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func putTrait(c *call) ([]byte, error) {
	body, ok := c.args["body"].(map[string]any)
	if body["traits"] != nil {
		return putTraitsAndTrait()
	}
	if !ok || len(body) > 0 {
		return nil, invalid("No body should be provided when adding a trait")
	}
	trait := c.args.text("trait")
	if _, err := withNode(c, func(uuid string) error { return c.fleet.AddTrait(c.ctx, uuid, trait) }); err != nil {
		return nil, err
	}
	c.created("nodes/" + c.args.text("node_ident") + "/traits/" + trait)
	return nil, nil
}

func deleteTraits(c *call) ([]byte, error) {
	return withNode(c, func(uuid string) error { return c.fleet.SetTraits(c.ctx, uuid, nil) })
}

func deleteTrait(c *call) ([]byte, error) {
	return withNode(c, func(uuid string) error { return c.fleet.RemoveTrait(c.ctx, uuid, c.args.text("trait")) })
}
