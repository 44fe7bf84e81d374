package api

import (
	"encoding/json"
	"regexp"
	"strings"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type template = baremetal.DeployTemplate

func templateUUID(v *template) string { return v.UUID }

var (
	zero = 0
	// deployStep is a step that a template or a deployment asks for.
	deployStep = &schema{types: []string{"object"}, closed: true, order: []string{"args", "interface", "priority", "step"},
		required: []string{"interface", "step", "args", "priority"},
		props: map[string]*schema{
			"args":      {types: []string{"object"}, secret: true},
			"interface": {types: []string{"string"}, enum: []any{"power", "management", "deploy", "bios", "raid"}},
			"priority": {anyOf: []*schema{{types: []string{"integer"}, least: &zero},
				{types: []string{"string"}, min: 1, pattern: regexp.MustCompile(`^[0-9]+$`)}}},
			"step": {types: []string{"string"}, min: 1},
		}}
)

var templates = newResource(resource[template]{
	plural: "deploy_templates", path: "deploy_templates", body: "template", ident: "template_ident",
	rows: (*store.Tx).DeployTemplates, uuid: templateUUID, required: []string{"steps", "name"}, allowed: []string{"extra", "name", "steps", "description"},
	fields: []field[template]{
		ident("uuid", 55, brief|create, func(v *template) *string { return &v.UUID }),
		created(func(v *template) *timeOf { return &v.CreatedAt }),
		updated(func(v *template) *timeOf { return &v.UpdatedAt }),
		word("name", 55, brief|create|required|patch, func(v *template) *string { return &v.Name }).with(traitSchema),
		object("extra", 55, create|patch, func(v *template) *baremetal.Object { return &v.Extra }),
		links("links", 55, implicit|always, "deploy_templates", templateUUID, ""),
		stepsField(),
	},
})

func stepsField() field[template] {
	return field[template]{name: "steps", since: 55, access: create | required | patch | unsorted, column: "steps", masks: baremetal.Secrets,
		put: func(b []byte, _ *call, v *template) []byte {
			shown := make([]any, len(v.Steps))
			for i, step := range v.Steps {
				shown[i] = baremetal.Secrets.Mask(step)
			}
			return append(b, encode(shown)...)
		},
		get:    func(v *template) any { return document(v.Steps) },
		set:    func(v *template, steps any) { v.Steps = numbered(objects(steps)) },
		schema: &schema{types: []string{"array"}, minItems: 1, items: deployStep}}
}

// numbered makes numbers of the priorities that were given as text.
func numbered(steps []baremetal.Object) []baremetal.Object {
	for _, step := range steps {
		if s, ok := step["priority"].(string); ok {
			step["priority"] = json.Number(strings.TrimLeft(s[:len(s)-1], "0") + s[len(s)-1:])
		}
	}
	return steps
}

var templateKind = collection[template]{resource: templates, noun: "deploy template", since: 55, named: true,
	older:  "The API version does not allow deploy templates",
	insert: func(c *call, v *template) error { return c.fleet.CreateTemplate(c.ctx, v) },
	update: func(c *call, ident string, p fleet.Patch[template]) (*template, error) {
		return c.fleet.UpdateTemplate(c.ctx, ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteTemplate(c.ctx, ident) },
}

func templateRoutes() []route { return templateKind.routes() }
