package inspection

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// Main is the phase of the rules that clients write: after everything else.
const Main = "main"

// Subject is what rules read and change.
type Subject struct {
	Node                  *baremetal.Node
	Ports                 []*baremetal.Port // of the node; rules change them in place
	Inventory, PluginData baremetal.Object  // what was found
	Log                   *slog.Logger
}

// Apply applies the rules of the phase main, the highest priority first. A rule applies when
// all its conditions hold. The first error ends the inspection; it is an [*Failure] for a rule
// that means to.
func Apply(rules []*baremetal.InspectionRule, s *Subject) error {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r *baremetal.InspectionRule) bool { return r.Phase != Main })
	slices.SortStableFunc(rules, func(a, b *baremetal.InspectionRule) int { return cmp.Compare(b.Priority, a.Priority) })
	for _, r := range rules {
		if err := apply(r, s); err != nil {
			return err
		}
	}
	return nil
}

func apply(r *baremetal.InspectionRule, s *Subject) error {
	scope := newScope(s, r.Sensitive)
	for _, c := range r.Conditions {
		holds, err := check(scope, c)
		if err != nil {
			return fmt.Errorf("Failed to apply rule %s to node %s: %w", r.UUID, s.Node.UUID, err) //nolint:staticcheck // Ironic's sentence
		}
		if !holds {
			return nil
		}
	}
	for _, a := range r.Actions {
		if err := act(scope, a); err != nil {
			return err
		}
	}
	return nil
}

// Failure is the end of an inspection that a rule asks for.
type Failure struct{ Message string }

func (f *Failure) Error() string { return "Failed to inspect hardware. Reason: " + f.Message }

// Loop returns the items that an operation is to be done for, and whether there are any. An
// object is one item.
func Loop(operation baremetal.Object) ([]any, bool) {
	switch loop := operation["loop"].(type) {
	case []any:
		return loop, len(loop) > 0
	case map[string]any:
		return []any{loop}, len(loop) > 0
	}
	return nil, false
}

// check reports whether a condition holds. "multiple" says how many items of a loop must
// agree: any, all, the first that does, or the last.
func check(s scope, c baremetal.Object) (bool, error) {
	items, loops := Loop(c)
	if !loops {
		return checkOne(s, c)
	}
	all, some, last := true, false, false
	for _, item := range items {
		holds, err := checkOne(s.with(item), c)
		if err != nil {
			return false, err
		}
		all, some, last = all && holds, some || holds, holds
	}
	switch c.Text("multiple") {
	case "all":
		return all, nil
	case "last":
		return last, nil
	}
	return some, nil // "first" ends at the first item that agrees, which is the same
}

func checkOne(s scope, c baremetal.Object) (bool, error) {
	name, inverted := Inverted(c.Text("op"))
	op, ok := Conditions[name]
	if !ok {
		return false, fmt.Errorf("Unsupported operator: '%s'.", name) //nolint:staticcheck // Ironic's sentence
	}
	args, err := s.arguments(op.Signature, name, c["args"])
	if err != nil {
		return false, err
	}
	if s.loops && slices.Contains(op.Optional, "force_strings") {
		args["force_strings"] = true // what is put into text has become text
	}
	holds, err := op.holds(args)
	return holds != inverted, err
}

// Inverted parts the name of a condition from the exclamation mark that inverts it.
func Inverted(op string) (name string, inverted bool) {
	name, inverted = strings.CutPrefix(strings.TrimSpace(op), "!")
	return strings.TrimSpace(name), inverted
}

func act(s scope, a baremetal.Object) error {
	name := a.Text("op")
	op, ok := Actions[name]
	if !ok {
		return fmt.Errorf("Unsupported action: '%s'.", name) //nolint:staticcheck // Ironic's sentence
	}
	items, loops := Loop(a)
	if !loops {
		return op.perform(s, name, a)
	}
	for _, item := range items {
		if err := op.perform(s.with(item), name, a); err != nil {
			return err
		}
	}
	return nil
}

func (op Action) perform(s scope, name string, a baremetal.Object) error {
	args, err := s.arguments(op.Signature, name, a["args"])
	if err != nil {
		return err
	}
	return op.do(s.Subject, args)
}
