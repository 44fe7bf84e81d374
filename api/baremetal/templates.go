package baremetalapi

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type template = baremetal.DeployTemplate

func templateUUID(v *template) string { return v.UUID }

var (
	zero = 0
	// deployStep is a step that a template or a deployment asks for.
	deployStep = &rest.Schema{Types: []string{"object"}, Closed: true, Order: []string{"args", "interface", "priority", "step"},
		Required: []string{"interface", "step", "args", "priority"},
		Props: map[string]*rest.Schema{
			"args":      {Types: []string{"object"}, Secret: true},
			"interface": {Types: []string{"string"}, Enum: stepInterfaces},
			"priority":  digits,
			"step":      {Types: []string{"string"}, Min: 1},
		}}
	// stepInterfaces are the kinds of interfaces that steps belong to.
	stepInterfaces = []any{"vendor", "power", "management", "firmware", "deploy", "bios", "raid"}
	// digits is a number of 0 or more, as such or as text.
	digits = &rest.Schema{AnyOf: []*rest.Schema{{Types: []string{"integer"}, Least: &zero},
		{Types: []string{"string"}, Min: 1, Pattern: regexp.MustCompile(`^[0-9]+$`)}}}
)

var templates = table[template]{rows: (*store.Tx).DeployTemplates, Resource: rest.NewResource(rest.Resource[template]{
	Plural: "deploy_templates", Path: "deploy_templates", Body: "template", Ident: "template_ident",
	UUID: templateUUID, Required: []string{"steps", "name"}, Allowed: []string{"extra", "name", "steps", "description"},
	Fields: []rest.Field[template]{
		rest.UUIDField("uuid", 55, rest.Brief|rest.Create, func(v *template) *string { return &v.UUID }),
		rest.Created(func(v *template) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *template) *time.Time { return &v.UpdatedAt }),
		rest.WordField("name", 55, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *template) *string { return &v.Name }).
			With(traitSchema),
		rest.ObjectField("extra", 55, rest.Create|rest.Update, func(v *template) *baremetal.Object { return &v.Extra }),
		rest.LinksField("links", 55, rest.Implicit|rest.Always, "deploy_templates", templateUUID, ""),
		stepsField(),
	},
})}

func stepsField() rest.Field[template] {
	return rest.Field[template]{Name: "steps", Since: 55, Access: rest.Create | rest.Required | rest.Update | rest.Unsorted,
		Column: "steps", Masks: baremetal.Secrets,
		Put:    func(b []byte, _ *rest.Call, v *template) []byte { return appendSteps(b, v.Steps) },
		Get:    func(v *template) any { return rest.JSONValue(v.Steps) },
		Set:    func(v *template, steps any) { v.Steps = numbered(objects(steps), "priority") },
		Schema: &rest.Schema{Types: []string{"array"}, MinItems: 1, Items: deployStep}}
}

// appendSteps writes steps without the secrets in their arguments.
func appendSteps(b []byte, steps []baremetal.Object) []byte {
	shown := make([]any, len(steps))
	for i, step := range steps {
		shown[i] = baremetal.Secrets.Mask(step)
	}
	return append(b, rest.Encode(shown)...)
}

// numbered makes numbers of the members of this name that were given as text.
func numbered(steps []baremetal.Object, name string) []baremetal.Object {
	for _, step := range steps {
		if s, ok := step[name].(string); ok {
			step[name] = json.Number(strings.TrimLeft(s[:len(s)-1], "0") + s[len(s)-1:])
		}
	}
	return steps
}

var templateKind = collection[template]{table: templates, noun: "deploy template", since: 55, named: true,
	older:  "The API version does not allow deploy templates",
	insert: func(c *call, v *template) error { return c.fleet.CreateTemplate(c.Context(), v) },
	update: func(c *call, ident string, p fleet.Patch[template]) (*template, error) {
		return c.fleet.UpdateTemplate(c.Context(), ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteTemplate(c.Context(), ident) },
}

func templateRoutes() []route { return templateKind.routes() }
