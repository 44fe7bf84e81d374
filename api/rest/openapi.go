package rest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Document is the part of an OpenAPI document that does not follow from the routes.
type Document struct {
	Title, Description string
	Versions           *Versions
	Header             string         // of the microversion, as clients write it
	Error              map[string]any // JSON Schema of the body of a refusal
	Components         []Component
}

// OpenAPI makes the document of a table of routes. Routes without Doc are left out.
func OpenAPI[C any](d Document, routes []Route[C]) map[string]any {
	schemas := tree{"error": d.Error, "patch": patchSchema.document()}
	for _, c := range d.Components {
		schemas[c.Single], schemas[c.Single+"-create"] = c.All, c.Creation
		schemas[c.Plural+"-list"] = tree{"type": "object", "required": []string{c.Plural}, "properties": tree{
			c.Plural: tree{"type": "array", "items": ref(c.Single)}, "next": tree{"type": "string", "format": "uri"}}}
	}
	paths := tree{}
	for i := range routes {
		r := &routes[i]
		if r.Doc == "" {
			continue
		}
		at := "/v1" + r.Path
		operations, ok := paths[at].(tree)
		if !ok {
			operations = tree{}
			paths[at] = operations
		}
		operations[strings.ToLower(r.Method)] = r.operation(d)
	}
	return tree{
		"openapi": "3.1.0",
		"info":    tree{"title": d.Title, "version": d.Versions.Text(d.Versions.Max), "description": d.Description},
		"paths":   paths,
		"components": tree{"schemas": schemas,
			"securitySchemes": tree{"basic": tree{"type": "http", "scheme": "basic"}}},
		"security": []any{tree{"basic": []string{}}, tree{}},
	}
}

func ref(name string) tree { return tree{"$ref": "#/components/schemas/" + name} }

func content(s tree) tree { return tree{"application/json": tree{"schema": s}} }

var pathVariable = regexp.MustCompile(`\{(\w+)\}`)

// Variables are the names of the variables in the route's path.
func (r *Route[C]) Variables() (names []string) {
	for _, m := range pathVariable.FindAllStringSubmatch(r.Path, -1) {
		names = append(names, m[1])
	}
	return names
}

// operation describes one route.
func (r *Route[C]) operation(d Document) tree {
	params, members, required := r.parameters(d)
	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}
	op := tree{"summary": r.Doc, "operationId": r.id(), "parameters": params, "responses": tree{
		strconv.Itoa(status): r.success(d), "default": tree{"description": "An error", "content": content(ref("error"))}}}
	if r.Since > d.Versions.Min {
		op["x-openstack"] = tree{"min-ver": d.Versions.Text(r.Since)}
	}
	switch r.Body {
	case "":
	case Members:
		op["requestBody"] = tree{"content": content(tree{"type": "object", "properties": members, "required": required})}
	default:
		op["requestBody"] = tree{"required": true, "content": content(r.bodySchema(d))}
	}
	return op
}

// parameters describes the arguments: those in path, query and header, and the members of
// the body with those of them that are required.
func (r *Route[C]) parameters(d Document) (params []any, members tree, required []string) {
	inPath := r.Variables()
	members = tree{}
	params = []any{tree{"name": d.Header, "in": "header",
		"schema": tree{"type": "string", "default": d.Versions.Text(d.Versions.Default)}}}
	for _, a := range r.Args {
		s := tree{}
		if a.Kind.Doc != "" {
			s["type"] = a.Kind.Doc
		}
		if a.Since > d.Versions.Min {
			s["x-openstack"] = tree{"min-ver": d.Versions.Text(a.Since)}
		}
		switch {
		case slices.Contains(inPath, a.Name):
			params = append(params, tree{"name": a.Name, "in": "path", "required": true, "schema": s})
		case r.Body == Members:
			members[a.Name] = s
			if a.Required {
				required = append(required, a.Name)
			}
		case a.Name != r.Body:
			params = append(params, tree{"name": a.Name, "in": "query", "required": a.Required, "schema": s})
		}
	}
	return params, members, required
}

// id names the operation: get-nodes-node_ident-states.
func (r *Route[C]) id() string {
	return strings.ToLower(r.Method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(r.Path)
}

// bodySchema is the schema of a body that a route takes as one argument.
func (r *Route[C]) bodySchema(d Document) tree {
	if r.Body == "patch" {
		return ref("patch")
	}
	for _, c := range d.Components {
		if c.Single == r.Body || c.Plural == r.Body {
			return ref(c.Single + "-create")
		}
	}
	return tree{"type": "object"}
}

// success describes the answer of a route: a resource, a list of them, or
// something of its own.
func (r *Route[C]) success(d Document) tree {
	if r.Status == http.StatusNoContent || r.Status == http.StatusAccepted {
		return tree{"description": "Done, or accepted"}
	}
	words := strings.Split(strings.Trim(strings.TrimSuffix(r.Path, "/detail"), "/"), "/")
	last := words[len(words)-1]
	for _, c := range d.Components {
		switch {
		case last == c.Plural && r.Method == http.MethodGet:
			return tree{"description": "A page of " + c.Plural, "content": content(ref(c.Plural + "-list"))}
		case last == c.Plural, len(words) > 1 && len(words) < 4 && words[len(words)-2] == c.Plural && strings.HasPrefix(last, "{"):
			return tree{"description": "The " + c.Single, "content": content(ref(c.Single))}
		}
	}
	return tree{"description": "What was asked for", "content": content(tree{"type": "object"})}
}
