package baremetalapi

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/inspection"
	"ironhook/store"
)

type inspectionRule = baremetal.InspectionRule

func ruleUUID(v *inspectionRule) string { return v.UUID }

// The operations of inspection rules, in Ironic's order.
var (
	ruleConditions = []any{"eq", "lt", "gt", "is-empty", "in-net", "matches", "contains", "one-of", "is-none", "is-true", "is-false",
		"!eq", "!lt", "!gt", "!is-empty", "!in-net", "!matches", "!contains", "!one-of", "!is-none", "!is-true", "!is-false"}
	ruleActions = []any{"fail", "log", "set-attribute", "extend-attribute", "del-attribute", "set-capability", "unset-capability",
		"add-trait", "remove-trait", "set-plugin-data", "extend-plugin-data", "unset-plugin-data",
		"set-port-attribute", "extend-port-attribute", "del-port-attribute", "api-call"}
)

// ruleOperations is the schema of a list of conditions or actions.
func ruleOperations(known []any, least int) *rest.Schema {
	s := &rest.Schema{Types: []string{"array"}, MinItems: least,
		Items: &rest.Schema{Types: []string{"object"}, Required: []string{"op", "args"},
			Order: []string{"op", "args", "loop", "multiple"},
			Props: map[string]*rest.Schema{
				"op":       {Enum: known},
				"args":     {Types: []string{"array", "object"}, Secret: true},
				"loop":     {Types: []string{"array", "object"}, Secret: true},
				"multiple": {Enum: []any{"any", "all", "first", "last"}},
			}}}
	if least > 0 {
		s.Items.Order = s.Items.Order[:3]
		delete(s.Items.Props, "multiple") // an action is not decided by how many items agree
	}
	return s
}

var inspectionRules = table[inspectionRule]{rows: (*store.Tx).InspectionRules, Resource: rest.NewResource(rest.Resource[inspectionRule]{
	Plural: "inspection_rules", Path: "inspection_rules", Body: "inspection_rule", Ident: "inspection_rule_uuid",
	UUID: ruleUUID, Brief: []string{"uuid", "priority", "phase", "description"}, Required: []string{"actions"},
	Allowed: []string{"actions", "conditions", "description", "phase", "priority", "sensitive"},
	Fields: []rest.Field[inspectionRule]{
		rest.WordField("uuid", 96, rest.Brief|rest.Create, func(v *inspectionRule) *string { return &v.UUID }).
			With(&rest.Schema{Types: []string{"string", "null"}}),
		rest.Created(func(v *inspectionRule) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *inspectionRule) *time.Time { return &v.UpdatedAt }),
		rest.OptionalField("description", 96, rest.Brief|rest.Create|rest.Update,
			func(v *inspectionRule) **string { return &v.Description }).Max(255),
		rest.NumberField("priority", 96, rest.Brief|rest.Create|rest.Update, func(v *inspectionRule) *int64 { return &v.Priority }).
			With(&rest.Schema{Types: []string{"integer"}, Least: &zero}),
		ruleSensitive(),
		rest.TextField("phase", 96, rest.Brief|rest.Create|rest.Update, func(v *inspectionRule) *string { return &v.Phase }).Max(16),
		ruleList("conditions", 0, ruleConditions, func(v *inspectionRule) *[]baremetal.Object { return &v.Conditions }),
		ruleList("actions", 1, ruleActions, func(v *inspectionRule) *[]baremetal.Object { return &v.Actions }),
		rest.LinksField("links", 96, rest.Implicit|rest.Always, "inspection", ruleUUID, ""),
	},
})}

func ruleSensitive() rest.Field[inspectionRule] {
	f := rest.FlagField("sensitive", 96, rest.Create|rest.Update, func(v *inspectionRule) *bool { return &v.Sensitive }).
		With(&rest.Schema{Types: []string{"boolean", "null"}})
	f.Check = nil
	return f
}

// ruleList is the conditions or the actions of a rule, which a sensitive one does not show.
func ruleList(name string, least int, known []any, at func(*inspectionRule) *[]baremetal.Object) rest.Field[inspectionRule] {
	access := rest.Create | rest.Update | rest.Unsorted
	if least > 0 {
		access |= rest.Required
	}
	return rest.Field[inspectionRule]{Name: name, Since: 96, Access: access, Column: name, Needs: []string{"sensitive"},
		Put: func(b []byte, _ *rest.Call, v *inspectionRule) []byte {
			if v.Sensitive {
				return append(b, "null"...)
			}
			return appendSteps(b, shownOperations(*at(v), least == 0))
		},
		Get:    func(v *inspectionRule) any { return list(*at(v)) },
		Set:    func(v *inspectionRule, operations any) { *at(v) = objects(operations) },
		Schema: ruleOperations(known, least)}
}

// shownOperations are the members of conditions or actions that mean something: "multiple"
// does in a condition that has a loop, and is "any" unless given.
func shownOperations(operations []baremetal.Object, conditions bool) []baremetal.Object {
	shown := make([]baremetal.Object, len(operations))
	for i, o := range operations {
		shown[i] = baremetal.Object{"op": o["op"], "args": o["args"]}
		if !loops(o) {
			continue
		}
		shown[i]["loop"] = o["loop"]
		if conditions {
			shown[i]["multiple"] = cmp.Or(o.Text("multiple"), "any")
		}
	}
	return shown
}

func loops(operation baremetal.Object) bool {
	_, yes := inspection.Loop(operation)
	return yes
}

// list is a list in the form of JSON, empty for nil.
func list(objects []baremetal.Object) any {
	if objects == nil {
		return []any{}
	}
	return rest.JSONValue(objects)
}

var ruleKind = collection[inspectionRule]{table: inspectionRules, noun: "inspection rule", since: 96,
	filters:  args{rest.Optional("phase", rest.String)},
	mayPatch: rulePatch,
	defaults: func(v *inspectionRule, body baremetal.Object) {
		if _, given := body["phase"]; !given {
			v.Phase = "main"
		}
	},
	insert: func(c *call, v *inspectionRule) error { return c.fleet.CreateInspectionRule(c.Context(), v) },
	update: updateRule,
	delete: func(c *call, uuid string) error { return c.fleet.DeleteInspectionRule(c.Context(), uuid) },
}

// rulePatch refuses a change of the UUID as Ironic does: as that of a rule that is not there.
func rulePatch(c *call) error {
	for _, op := range rest.Operations(c.Args["patch"]) {
		switch _, field := inspectionRuleFields[op.Root()]; {
		case op.Path == "/uuid":
			return baremetal.Errorf(baremetal.ErrNotFound, "Rule %v could not be found.", op.Value)
		case !field && op.Op == "add":
			return rest.Invalid("Adding a new attribute (%s) to the root of the resource is not allowed", op.Path)
		}
	}
	return nil
}

var inspectionRuleFields = fieldNames(inspectionRules.Resource)

func fieldNames[T any](r *rest.Resource[T]) map[string]bool {
	names := map[string]bool{}
	for _, f := range r.Fields {
		names[f.Name] = true
	}
	return names
}

// updateRule gives the removed fields of a rule their defaults, and keeps a sensitive rule so.
func updateRule(c *call, uuid string, p fleet.Patch[inspectionRule]) (*inspectionRule, error) {
	apply := p.Apply
	p.Apply = func(v *inspectionRule) ([]string, error) {
		before := v.Sensitive
		changed, err := apply(v)
		if err == nil && before && !v.Sensitive {
			err = rest.Invalid("Couldn't apply patch '%s'. Reason: Inspection rules cannot have the sensitive flag unset.",
				rest.Quote(c.Args["patch"]))
		}
		if removed(c, "phase") {
			v.Phase = "main"
		}
		return changed, err
	}
	return c.fleet.UpdateInspectionRule(c.Context(), uuid, p)
}

// removed reports whether the patch removes the field.
func removed(c *call, field string) bool {
	return slices.ContainsFunc(rest.Operations(c.Args["patch"]),
		func(op rest.Operation) bool { return op.Op == "remove" && op.Path == "/"+field })
}

// inspectionRuleRoutes are those of a collection. What is older than rules, or no UUID, is
// refused by the handler in Ironic.
func inspectionRuleRoutes() []route {
	all := ruleKind.routes()
	for i := range all {
		r := &all[i]
		status := http.StatusMethodNotAllowed
		if r.Method == http.MethodGet {
			status = http.StatusNotFound
		}
		r.Gate = rest.Refuse(status, "The API version does not allow inspection rules")
		for k, arg := range r.Args {
			if kind, ok := ruleKinds[arg.Name]; ok && r.Method != http.MethodPatch {
				r.Args[k].Kind = kind
			}
		}
		handle := r.Handle
		r.Handle = func(c *call) ([]byte, error) {
			b, err := handle(c)
			return b, plainly(err)
		}
	}
	return all
}

// ruleKinds are the arguments that these routes check by a schema.
var ruleKinds = map[string]rest.Kind{
	"inspection_rule_uuid": {Doc: "string", Parse: func(_ string, v any) (any, error) {
		if s, ok := v.(string); ok && baremetal.IsUUID(s) {
			return s, nil
		}
		return nil, rest.Invalid("Schema error: %s is not a 'uuid'", rest.Quote(v))
	}},
	"marker": rest.String,
	"sort_key": {Doc: "string", Parse: func(_ string, v any) (any, error) {
		if v == "actions" || v == "conditions" {
			return nil, rest.Invalid("Schema error: %s should not be valid under {'type': 'string', 'enum': ['actions', 'conditions']}",
				rest.Quote(v))
		}
		return v, nil
	}},
	"sort_dir": {Doc: "string", Parse: func(_ string, v any) (any, error) {
		if v != "asc" && v != "desc" {
			return nil, rest.Invalid("Schema error: %s is not one of ['asc', 'desc']", rest.Quote(v))
		}
		return v, nil
	}},
}

// plainly is a breach of a rule's schema in the words of these routes.
func plainly(err error) error {
	const named = "Schema error for inspection_rule: "
	var refusal *rest.Refusal
	if errors.As(err, &refusal) && strings.HasPrefix(refusal.Text, named) {
		return rest.Invalid("Schema error: %s", strings.TrimPrefix(refusal.Text, named))
	}
	return err
}
