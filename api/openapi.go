package api

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The OpenAPI 3.1 document is made from the routes and the fields, when the API
// is. What a microversion brought says so in "x-openstack": {"min-ver": "1.32"}.

type tree = map[string]any

// described is a resource for the document: its fields as schemas.
type described struct {
	plural, single string
	all, creation  tree
}

func (r *resource[T]) describe(single string) described {
	all, created := tree{}, tree{}
	for i := range r.fields {
		f := &r.fields[i]
		s := f.schema.document()
		if f.since > minMinor {
			s["x-openstack"] = tree{"min-ver": version(f.since)}
		}
		if !f.hidden {
			all[f.name] = s
		}
		if f.access.has(create) {
			created[f.name] = s
		}
	}
	return described{r.plural, single, tree{"type": "object", "properties": all},
		tree{"type": "object", "properties": created, "required": r.creation.required, "additionalProperties": false}}
}

// document writes a schema as JSON Schema.
func (s *schema) document() tree {
	d := tree{}
	if s == nil {
		return d
	}
	if len(s.types) == 1 {
		d["type"] = s.types[0]
	} else if len(s.types) > 1 {
		d["type"] = s.types
	}
	for name, v := range map[string]any{"maxLength": s.max, "minLength": s.min, "minItems": s.minItems} {
		if v != 0 {
			d[name] = v
		}
	}
	if s.enum != nil {
		d["enum"] = s.enum
	}
	if s.pattern != nil {
		d["pattern"] = s.pattern.String()
	}
	if s.least != nil {
		d["minimum"] = *s.least
	}
	if s.items != nil {
		d["items"] = s.items.document()
	}
	if s.props != nil {
		props := tree{}
		for name, p := range s.props {
			props[name] = p.document()
		}
		d["properties"], d["additionalProperties"] = props, !s.closed
	}
	if s.required != nil {
		d["required"] = s.required
	}
	for _, choice := range s.anyOf {
		choices, _ := d["anyOf"].([]any)
		d["anyOf"] = append(choices, choice.document())
	}
	return d
}

// resources lists what the document has a component for.
func resources() []described {
	return []described{
		nodes.describe("node"), ports.describe("port"), portgroups.describe("portgroup"), chassisResource.describe("chassis-item"),
		connectors.describe("connector"), targets.describe("target"), allocations.describe("allocation"),
		templates.describe("template"), conductors.describe("conductor"),
	}
}

// openAPI makes the document.
func openAPI(all []route) tree {
	schemas := tree{
		"error": tree{"type": "object", "required": []string{"error_message"}, "properties": tree{
			"error_message": tree{"type": "string", "description": `JSON in a string: {"faultcode", "faultstring", "debuginfo"} or {"code", "title", "description"}`}}},
		"patch": patchSchema.document(),
	}
	for _, d := range resources() {
		schemas[d.single], schemas[d.single+"-create"] = d.all, d.creation
		schemas[d.plural+"-list"] = tree{"type": "object", "required": []string{d.plural}, "properties": tree{
			d.plural: tree{"type": "array", "items": ref(d.single)}, "next": tree{"type": "string", "format": "uri"}}}
	}
	paths := tree{}
	for i := range all {
		r := &all[i]
		if r.doc == "" {
			continue
		}
		at := "/v1" + r.path
		operations, ok := paths[at].(tree)
		if !ok {
			operations = tree{}
			paths[at] = operations
		}
		operations[strings.ToLower(r.method)] = r.operation()
	}
	return tree{
		"openapi": "3.1.0",
		"info": tree{"title": "Ironhook: the Bare Metal API", "version": version(maxMinor),
			"description": "OpenStack's Bare Metal API as Ironic 21.4 speaks it. Ask for a microversion in the header X-OpenStack-Ironic-API-Version or OpenStack-API-Version."},
		"paths": paths,
		"components": tree{"schemas": schemas,
			"securitySchemes": tree{"basic": tree{"type": "http", "scheme": "basic"}}},
		"security": []any{tree{"basic": []string{}}, tree{}},
	}
}

func ref(name string) tree { return tree{"$ref": "#/components/schemas/" + name} }

var pathVariable = regexp.MustCompile(`\{(\w+)\}`)

// operation describes one route.
func (r *route) operation() tree {
	inPath := pathVariable.FindAllStringSubmatch(r.path, -1)
	isInPath := func(name string) bool {
		return slices.ContainsFunc(inPath, func(m []string) bool { return m[1] == name })
	}
	params, members := []any{versionParameter}, tree{}
	var required []string
	for _, a := range r.args {
		s := tree{}
		if a.kind.doc != "" {
			s["type"] = a.kind.doc
		}
		switch {
		case isInPath(a.name):
			params = append(params, tree{"name": a.name, "in": "path", "required": true, "schema": s})
		case r.body == "*":
			members[a.name] = s
			if a.required {
				required = append(required, a.name)
			}
		case a.name != r.body:
			params = append(params, tree{"name": a.name, "in": "query", "required": a.required, "schema": s})
		}
	}
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	op := tree{"summary": r.doc, "operationId": r.id(), "parameters": params, "responses": tree{
		strconv.Itoa(status): r.success(), "default": tree{"description": "An error", "content": content(ref("error"))}}}
	if r.since > minMinor {
		op["x-openstack"] = tree{"min-ver": version(r.since)}
	}
	switch r.body {
	case "":
	case "*":
		op["requestBody"] = tree{"content": content(tree{"type": "object", "properties": members, "required": required})}
	default:
		op["requestBody"] = tree{"required": true, "content": content(r.bodySchema())}
	}
	return op
}

var versionParameter = tree{"name": "X-OpenStack-Ironic-API-Version", "in": "header", "schema": tree{"type": "string", "default": version(minMinor)}}

func content(s tree) tree { return tree{"application/json": tree{"schema": s}} }

// id names the operation: get-nodes-node_ident-states.
func (r *route) id() string {
	return strings.ToLower(r.method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(r.path)
}

// bodySchema is what a route takes whole.
func (r *route) bodySchema() tree {
	if r.body == "patch" {
		return ref("patch")
	}
	for _, d := range resources() {
		if d.single == r.body || d.plural == r.body {
			return ref(d.single + "-create")
		}
	}
	return tree{"type": "object"}
}

// success describes what a route answers with: a resource, a list of them, or
// something of its own.
func (r *route) success() tree {
	words := strings.Split(strings.Trim(strings.TrimSuffix(r.path, "/detail"), "/"), "/")
	last := words[len(words)-1]
	for _, d := range resources() {
		switch {
		case r.status == http.StatusNoContent || r.status == http.StatusAccepted:
			return tree{"description": "Done, or accepted"}
		case last == d.plural && r.method == http.MethodGet && r.path != "/volume":
			return tree{"description": "A page of " + d.plural, "content": content(ref(d.plural + "-list"))}
		case last == d.plural, len(words) > 1 && len(words) < 4 && words[len(words)-2] == d.plural && strings.HasPrefix(last, "{"):
			return tree{"description": "The " + d.single, "content": content(ref(d.single))}
		}
	}
	return tree{"description": "What was asked for", "content": content(tree{"type": "object"})}
}

func showOpenAPI(c *call) ([]byte, error) { return c.openapi, nil }
