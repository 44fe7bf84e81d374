package baremetalapi

import (
	"net/http"
	"regexp"

	"ironhook/api/rest"
)

var (
	traitSchema = &rest.Schema{Types: []string{"string"}, Min: 1, Max: 255, AnyOf: []*rest.Schema{
		{Pattern: regexp.MustCompile(`^CUSTOM_[A-Z0-9_]+$`)},
		{Pattern: regexp.MustCompile(`^(HW|STORAGE|COMPUTE|MISC|OWNER)_[A-Z0-9_]+$`)}, // the namespaces of os-traits
	}}
	traitsSchema = &rest.Schema{Types: []string{"object"}, Closed: true,
		Props: map[string]*rest.Schema{"traits": {Types: []string{"array"}, Items: traitSchema}}}
	aTrait   = rest.Kind{Parse: func(name string, v any) (any, error) { return v, traitSchema.Check(name, v) }, Doc: "string"}
	aTraits  = rest.Kind{Parse: func(name string, v any) (any, error) { return v, traitsSchema.Check(name, v) }, Doc: "object"}
	traitArg = rest.Optional("trait", aTrait)
)

var nodeTraitRoutes = []route{
	{Method: "GET", Path: "/nodes/{node_ident}/traits", Since: 37, Gate: rest.NotAcceptable(0), Args: args{nodeArg},
		Handle: listTraits, Doc: "List a node's traits"},
	{Method: "PUT", Path: "/nodes/{node_ident}/traits", Since: 37, Gate: rest.Abort(http.StatusMethodNotAllowed, ""),
		Args: args{nodeArg, rest.Mandatory("body", aTraits)}, Body: rest.Whole,
		Status: http.StatusNoContent, Handle: putTraits, Doc: "Replace a node's traits"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/traits", Since: 37, Args: args{nodeArg}, Status: http.StatusNoContent,
		Handle: deleteTraits, Doc: "Remove all of a node's traits"},
	{Method: "PUT", Path: "/nodes/{node_ident}/traits/{trait}", Since: 37, Gate: rest.Abort(http.StatusMethodNotAllowed, ""),
		Args: args{nodeArg, traitArg, rest.Mandatory("body", rest.Any)}, Body: rest.Whole,
		Status: http.StatusNoContent, Handle: putTrait, Doc: "Add a trait to a node"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/traits/{trait}", Since: 37, Args: args{nodeArg, rest.Optional("trait", rest.String)},
		Status: http.StatusNoContent,
		Handle: deleteTrait, Doc: "Remove a trait from a node"},
}

func listTraits(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return append(rest.AppendStrings(rest.AppendKey([]byte{'{'}, "traits"), n.Traits), '}'), nil
}

// withNode applies change to the node that the path names, and answers.
func withNode(c *call, change func(uuid string) error) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, change(n.UUID)
}

func putTraits(c *call) ([]byte, error) {
	body := rest.AsObject(c.Args["body"])
	list, ok := body["traits"].([]any)
	if !ok {
		return putTraitsAndTrait()
	}
	return withNode(c, func(uuid string) error { return c.fleet.SetTraits(c.Context(), uuid, asStrings(list)) })
}

// putTraitsAndTrait explains how to set one trait and how all.
func putTraitsAndTrait() ([]byte, error) {
	return nil, rest.Invalid("A single node trait may be added via PUT /v1/nodes/<node identifier>/traits/<trait> with no body, " +
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
	body, ok := c.Args["body"].(map[string]any)
	if body["traits"] != nil {
		return putTraitsAndTrait()
	}
	if !ok || len(body) > 0 {
		return nil, rest.Invalid("No body should be provided when adding a trait")
	}
	trait := c.Args.Text("trait")
	if _, err := withNode(c, func(uuid string) error { return c.fleet.AddTrait(c.Context(), uuid, trait) }); err != nil {
		return nil, err
	}
	c.Created("nodes/" + c.Args.Text("node_ident") + "/traits/" + trait)
	return nil, nil
}

func deleteTraits(c *call) ([]byte, error) {
	return withNode(c, func(uuid string) error { return c.fleet.SetTraits(c.Context(), uuid, nil) })
}

func deleteTrait(c *call) ([]byte, error) {
	return withNode(c, func(uuid string) error { return c.fleet.RemoveTrait(c.Context(), uuid, c.Args.Text("trait")) })
}
