package fleet

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// signature is the arguments that an operation of an inspection rule takes
// (ironic/common/inspection_rules).
type signature struct{ required, optional []string }

// conditions and actions are what inspection rules consist of, by name.
var (
	conditions = map[string]signature{
		"eq": {[]string{"values"}, []string{"force_strings"}}, "lt": {[]string{"values"}, []string{"force_strings"}},
		"gt":       {[]string{"values"}, []string{"force_strings"}},
		"is-empty": {[]string{"value"}, nil}, "in-net": {[]string{"address", "subnet"}, nil},
		"matches": {[]string{"value", "regex"}, nil}, "contains": {[]string{"value", "regex"}, nil},
		"one-of": {[]string{"value"}, []string{"values"}}, "is-none": {[]string{"value"}, nil},
		"is-true": {[]string{"value"}, nil}, "is-false": {[]string{"value"}, nil},
	}
	actions = map[string]signature{
		"fail": {[]string{"msg"}, nil}, "log": {[]string{"msg"}, []string{"level"}},
		"set-attribute":    {[]string{"path", "value"}, nil},
		"extend-attribute": {[]string{"path", "value"}, []string{"unique"}},
		"del-attribute":    {[]string{"path"}, nil},
		"set-capability":   {[]string{"name", "value"}, nil}, "unset-capability": {[]string{"name"}, nil},
		"add-trait": {[]string{"name"}, nil}, "remove-trait": {[]string{"name"}, nil},
		"set-plugin-data":       {[]string{"path", "value"}, nil},
		"extend-plugin-data":    {[]string{"path", "value"}, []string{"unique"}},
		"unset-plugin-data":     {[]string{"path"}, nil},
		"set-port-attribute":    {[]string{"port_id", "path", "value"}, nil},
		"extend-port-attribute": {[]string{"port_id", "path", "value"}, []string{"unique"}},
		"del-port-attribute":    {[]string{"port_id", "path"}, nil},
		"api-call":              {[]string{"url"}, []string{"headers", "proxies", "timeout", "retries", "backoff_factor"}},
	}
)

// Loops reports whether an operation is to be done for each item of a loop.
func Loops(operation baremetal.Object) bool {
	switch loop := operation["loop"].(type) {
	case []any:
		return len(loop) > 0
	case map[string]any:
		return len(loop) > 0
	}
	return false
}

// maxPriority is that of the rules that clients write.
const maxPriority = 9999

var rules = kind[baremetal.InspectionRule]{(*store.Tx).InspectionRules, func(v *baremetal.InspectionRule) *string { return &v.UUID }}

// CreateInspectionRule adds a rule.
func (f *Fleet) CreateInspectionRule(ctx context.Context, v *baremetal.InspectionRule) error {
	if err := checkRule(v); err != nil {
		return err
	}
	return f.store.Update(ctx, func(tx *store.Tx) error { return rules.insert(tx, v) })
}

// UpdateInspectionRule changes the rule and returns it.
func (f *Fleet) UpdateInspectionRule(
	ctx context.Context, uuid string, p Patch[baremetal.InspectionRule],
) (*baremetal.InspectionRule, error) {
	return rules.update(ctx, f, uuid, p, func(_ *store.Tx, v *baremetal.InspectionRule) error { return checkRule(v) })
}

// DeleteInspectionRule deletes the rule.
func (f *Fleet) DeleteInspectionRule(ctx context.Context, uuid string) error {
	return rules.remove(ctx, f, uuid, func(*store.Tx, *baremetal.InspectionRule) error { return nil })
}

// checkRule holds a rule against what its conditions and actions take. All that is wrong
// is reported at once.
func checkRule(v *baremetal.InspectionRule) error {
	var wrong []string
	if v.Phase != "main" {
		phase := v.Phase
		if phase == "" {
			phase = "None"
		}
		wrong = append(wrong, "Invalid phase: "+phase+". Valid phases are: main")
	}
	if v.Priority < 0 || v.Priority > maxPriority {
		wrong = append(wrong, "Priority must be between 0 and 9999 for user-defined rules.")
	}
	for _, c := range v.Conditions {
		wrong = append(wrong, checkOperation("condition", conditions, c)...)
	}
	for _, a := range v.Actions {
		wrong = append(wrong, checkOperation("action", actions, a)...)
	}
	switch len(wrong) {
	case 0:
		return nil
	case 1:
		return invalid("%s", wrong[0])
	}
	return invalid("Multiple validation errors occurred: %s", strings.Join(wrong, "; "))
}

func checkOperation(noun string, known map[string]signature, operation baremetal.Object) (wrong []string) {
	op := strings.TrimPrefix(operation.Text("op"), "!")
	sig, ok := known[op]
	if !ok {
		return []string{"Unsupported " + noun + " operator: " + op}
	}
	refuse := func(reason string) {
		wrong = append(wrong, "Invalid parameters for "+noun+" operator "+op+": "+reason)
	}
	args, reason := sig.named(operation["args"])
	if reason != "" {
		refuse(reason)
	}
	if regex, ok := args["regex"].(string); ok && !strings.Contains(regex, "{") {
		if _, err := regexp.Compile(regex); err != nil {
			refuse("invalid regular expression: " + err.Error())
		}
	}
	return wrong
}

// named returns the arguments by name, and what is wrong with them. They may come as a
// list, in the order of the signature.
func (s signature) named(args any) (named map[string]any, wrong string) {
	all := slices.Concat(s.required, s.optional)
	named = map[string]any{}
	switch args := args.(type) {
	case map[string]any:
		named = args
	case []any:
		if len(args) > len(all) {
			return named, "too many arguments"
		}
		for i, v := range args {
			named[all[i]] = v
		}
	}
	var missing, unexpected []string
	for _, name := range s.required {
		if _, ok := named[name]; !ok {
			missing = append(missing, name)
		}
	}
	for name := range named {
		if !slices.Contains(all, name) {
			unexpected = append(unexpected, name)
		}
	}
	slices.Sort(unexpected)
	if missing != nil {
		wrong = "missing required argument(s): " + strings.Join(missing, ", ")
	}
	if unexpected != nil {
		wrong = strings.TrimPrefix(wrong+"; unexpected argument(s): "+strings.Join(unexpected, ", "), "; ")
	}
	return named, wrong
}
