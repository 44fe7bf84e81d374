package fleet

import (
	"context"
	"regexp"
	"strings"

	"ironhook/baremetal"
	"ironhook/inspection"
	"ironhook/store"
)

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
	if v.Phase != inspection.Main {
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

// signatures are the arguments of conditions or actions, by name.
type signatures func(op string) (inspection.Signature, bool)

func conditions(op string) (inspection.Signature, bool) {
	c, ok := inspection.Conditions[op]
	return c.Signature, ok
}

func actions(op string) (inspection.Signature, bool) {
	a, ok := inspection.Actions[op]
	return a.Signature, ok
}

func checkOperation(noun string, known signatures, operation baremetal.Object) (wrong []string) {
	op, _ := inspection.Inverted(operation.Text("op"))
	sig, ok := known(op)
	if !ok {
		return []string{"Unsupported " + noun + " operator: " + op}
	}
	refuse := func(reason string) {
		wrong = append(wrong, "Invalid parameters for "+noun+" operator "+op+": "+reason)
	}
	args, err := sig.Named(operation["args"])
	if err != nil {
		refuse(err.Error())
	}
	if regex, ok := args["regex"].(string); ok && !strings.Contains(regex, "{") {
		if _, err := regexp.Compile(regex); err != nil {
			refuse("invalid regular expression: " + err.Error())
		}
	}
	return wrong
}
