package baremetalapi

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type runbook = baremetal.Runbook

func runbookUUID(v *runbook) string { return v.UUID }

// runbookStep is a step that a runbook asks for.
var runbookStep = &rest.Schema{Types: []string{"object"}, Closed: true, Order: []string{"args", "interface", "step", "order"},
	Required: []string{"interface", "step", "order"},
	Props: map[string]*rest.Schema{
		"args":      {Types: []string{"object"}},
		"interface": {Types: []string{"string"}, Enum: stepInterfaces},
		"step":      {Types: []string{"string"}, Min: 1},
		"order":     digits,
	}}

var runbooks = table[runbook]{rows: (*store.Tx).Runbooks, Resource: rest.NewResource(rest.Resource[runbook]{
	Plural: "runbooks", Path: "runbooks", Body: "runbook", Ident: "runbook_ident",
	UUID: runbookUUID, Required: []string{"steps", "name"},
	Allowed: []string{"disable_ramdisk", "extra", "name", "owner", "public", "steps", "description"},
	Fields: []rest.Field[runbook]{
		rest.UUIDField("uuid", 92, rest.Brief|rest.Create, func(v *runbook) *string { return &v.UUID }),
		rest.Created(func(v *runbook) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *runbook) *time.Time { return &v.UpdatedAt }),
		rest.WordField("name", 92, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *runbook) *string { return &v.Name }).
			With(&rest.Schema{Types: []string{"string"}, Min: 1, Max: 255,
				Pattern: regexp.MustCompile(`^[A-Za-z0-9\-._~]+$`), Source: `^[A-Za-z0-9\-._~]+$`}),
		rest.ObjectField("extra", 92, rest.Create|rest.Update, func(v *runbook) *baremetal.Object { return &v.Extra }),
		strictFlag("public", func(v *runbook) *bool { return &v.Public }),
		rest.TextField("owner", 92, rest.Create|rest.Update, func(v *runbook) *string { return &v.Owner }).Max(255),
		strictFlag("disable_ramdisk", func(v *runbook) *bool { return &v.DisableRamdisk }),
		rest.TextField("description", 112, rest.Create|rest.Update, func(v *runbook) *string { return &v.Description }).Max(255),
		rest.LinksField("links", 92, rest.Implicit|rest.Always, "runbooks", runbookUUID, ""),
		runbookSteps(),
		rest.DerivedField("traits", 112, rest.Unsorted|rest.Silent,
			func(b []byte, _ *rest.Call, v *runbook) []byte { return rest.AppendStrings(b, v.Traits) }).
			In("traits"),
	},
})}

// strictFlag is a boolean that clients may not write as a word.
func strictFlag(name string, at func(*runbook) *bool) rest.Field[runbook] {
	f := rest.FlagField(name, 92, rest.Create|rest.Update, at).With(&rest.Schema{Types: []string{"boolean", "null"}})
	f.Check = nil
	return f
}

func runbookSteps() rest.Field[runbook] {
	return rest.Field[runbook]{Name: "steps", Since: 92, Access: rest.Create | rest.Required | rest.Update | rest.Unsorted,
		Column: "steps", Masks: baremetal.Secrets,
		Put:    func(b []byte, _ *rest.Call, v *runbook) []byte { return appendSteps(b, v.Steps) },
		Get:    func(v *runbook) any { return rest.JSONValue(v.Steps) },
		Set:    func(v *runbook, steps any) { v.Steps = withArgs(numbered(objects(steps), "order")) },
		Schema: &rest.Schema{Types: []string{"array"}, MinItems: 1, Items: runbookStep}}
}

// withArgs gives the steps that have none the empty arguments that Ironic shows.
func withArgs(steps []baremetal.Object) []baremetal.Object {
	for _, step := range steps {
		if step["args"] == nil {
			step["args"] = map[string]any{}
		}
	}
	return steps
}

const runbooksOlder = "The API version does not allow runbooks"

var runbookKind = collection[runbook]{table: runbooks, noun: "runbook", since: 92, named: true,
	older: runbooksOlder, filters: args{rest.Optional("project", rest.Boolean)},
	mayFill:  func(c *call) error { return runbookMembers(c, rest.AsObject(c.Args["runbook"])) },
	mayPatch: runbookPatch,
	insert:   func(c *call, v *runbook) error { return c.fleet.CreateRunbook(c.Context(), v) },
	update: func(c *call, ident string, p fleet.Patch[runbook]) (*runbook, error) {
		return c.fleet.UpdateRunbook(c.Context(), ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteRunbook(c.Context(), ident) },
}

// olderRunbook is the part of the schema that 1.112 loosened or brought.
var olderRunbook = &rest.Schema{Types: []string{"object"}, Props: map[string]*rest.Schema{"name": traitSchema}}

// runbookMembers holds a new runbook against what older clients know.
func runbookMembers(c *call, body baremetal.Object) error {
	if c.Minor >= 112 {
		return nil
	}
	if _, ok := body["description"]; ok {
		return rest.Invalid("Schema error for runbook: Additional properties are not allowed ('description' was unexpected)")
	}
	if name, ok := body["name"].(string); ok {
		return olderRunbook.Check("runbook", map[string]any{"name": name})
	}
	return nil
}

// runbookPatch is runbookMembers for a patch.
func runbookPatch(c *call) error {
	for _, op := range rest.Operations(c.Args["patch"]) {
		root := op.Root()
		if older := runbooks.Allowed[:len(runbooks.Allowed)-1]; c.Minor < 112 && !slices.Contains(older, root) {
			return rest.CannotPatch(op, older)
		}
		if name, ok := op.Value.(string); ok && c.Minor < 112 && root == "name" && op.Op != "remove" {
			if err := olderRunbook.Check("patch", map[string]any{"name": name}); err != nil {
				return err
			}
		}
	}
	_, err := runbooks.Operations(c.Call) // before the runbook is looked for
	return err
}

func runbookRoutes() []route {
	path := "/runbooks/{runbook_ident}"
	arg := rest.Mandatory("runbook_ident", rest.Ident)
	gate := rest.Abort(http.StatusNotFound, "The API version does not allow runbook traits")
	all := runbookKind.routes()
	for i := range all {
		for k := range all[i].Args {
			if all[i].Args[k].Name == "marker" {
				all[i].Args[k].Kind = rest.String // what is no UUID is not found
			}
		}
	}
	return slices.Concat(all, []route{
		{Method: "GET", Path: path + "/traits", Since: 112, Gate: gate, Args: args{arg},
			Handle: listRunbookTraits, Doc: "List a runbook's traits"},
		{Method: "PUT", Path: path + "/traits", Since: 112, Gate: gate, Args: args{arg, rest.Mandatory("body", aTraits)}, Body: rest.Whole,
			Status: http.StatusNoContent, Handle: putRunbookTraits, Doc: "Replace a runbook's traits"},
		{Method: "DELETE", Path: path + "/traits", Since: 112, Gate: gate, Args: args{arg}, Status: http.StatusNoContent,
			Handle: deleteRunbookTraits, Doc: "Remove all of a runbook's traits"},
		{Method: "PUT", Path: path + "/traits/{trait}", Since: 112, Gate: gate, Args: args{arg, traitArg, rest.Mandatory("body", rest.Any)},
			Body: rest.Whole, Status: http.StatusNoContent, Handle: putRunbookTrait, Doc: "Add a trait to a runbook"},
		{Method: "DELETE", Path: path + "/traits/{trait}", Since: 112, Gate: gate, Args: args{arg, rest.Optional("trait", rest.String)},
			Status: http.StatusNoContent, Handle: deleteRunbookTrait, Doc: "Remove a trait from a runbook"},
		{Method: "GET", Path: path + "/{fields}", Since: 92, Gate: rest.Abort(http.StatusNotFound, runbooksOlder),
			Args: args{arg, rest.Optional("fields", rest.Words)}, Handle: runbookKind.showHandler},
	})
}

func (c *call) runbook() (*runbook, error) { return runbooks.get(c, c.Args.Text("runbook_ident")) }

func listRunbookTraits(c *call) ([]byte, error) {
	v, err := c.runbook()
	if err != nil {
		return nil, err
	}
	return append(rest.AppendStrings(rest.AppendKey([]byte{'{'}, "traits"), v.Traits), '}'), nil
}

// oneOrAll says how to set one trait of a runbook and how all.
func oneOrAll() error {
	return rest.Invalid("A single runbook trait may be added via PUT /v1/runbooks/<runbook identifier>/traits/<trait> with no body, " +
		"or all runbook traits may be replaced via PUT /v1/runbooks/<runbook identifier>/traits with the list of traits specified in the " +
		"request body.")
}

func putRunbookTraits(c *call) ([]byte, error) {
	if _, err := c.runbook(); err != nil {
		return nil, err
	}
	list, ok := rest.AsObject(c.Args["body"])["traits"].([]any)
	if !ok {
		return nil, oneOrAll()
	}
	return nil, c.fleet.SetRunbookTraits(c.Context(), c.Args.Text("runbook_ident"), asStrings(list))
}

func putRunbookTrait(c *call) ([]byte, error) {
	ident, trait := c.Args.Text("runbook_ident"), c.Args.Text("trait")
	if _, err := c.runbook(); err != nil {
		return nil, err
	}
	body, ok := c.Args["body"].(map[string]any)
	if body["traits"] != nil {
		return nil, oneOrAll()
	}
	if !ok || len(body) > 0 {
		return nil, rest.Invalid("No body should be provided when adding a trait")
	}
	if err := c.fleet.AddRunbookTrait(c.Context(), ident, trait); err != nil {
		return nil, err
	}
	c.Created("runbooks/" + ident + "/traits/" + trait)
	return nil, nil
}

func deleteRunbookTraits(c *call) ([]byte, error) {
	return nil, c.fleet.SetRunbookTraits(c.Context(), c.Args.Text("runbook_ident"), nil)
}

func deleteRunbookTrait(c *call) ([]byte, error) {
	return nil, c.fleet.RemoveRunbookTrait(c.Context(), c.Args.Text("runbook_ident"), c.Args.Text("trait"))
}
