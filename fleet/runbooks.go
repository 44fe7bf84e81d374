package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

var runbooks = kind[baremetal.Runbook]{(*store.Tx).Runbooks, func(v *baremetal.Runbook) *string { return &v.UUID }}

// CreateRunbook adds a runbook.
func (f *Fleet) CreateRunbook(ctx context.Context, v *baremetal.Runbook) error {
	if err := distinctSteps("template", v.Steps); err != nil {
		return err
	}
	if v.Owner != "" { // as for nodes: there are no projects here
		return invalid("Cannot create a runbook as a project scoped admin with an owner other than your own project.")
	}
	return f.store.Update(ctx, func(tx *store.Tx) error { return runbooks.insert(tx, v) })
}

// UpdateRunbook changes the runbook and returns it.
func (f *Fleet) UpdateRunbook(ctx context.Context, ident string, p Patch[baremetal.Runbook]) (*baremetal.Runbook, error) {
	return runbooks.update(ctx, f, ident, p, func(_ *store.Tx, v *baremetal.Runbook) error { return distinctSteps("template", v.Steps) })
}

// DeleteRunbook deletes the runbook. Nodes that it is being run on have its steps already.
func (f *Fleet) DeleteRunbook(ctx context.Context, ident string) error {
	return runbooks.remove(ctx, f, ident, func(*store.Tx, *baremetal.Runbook) error { return nil })
}

// SetRunbookTraits replaces the traits of the runbook.
func (f *Fleet) SetRunbookTraits(ctx context.Context, ident string, traits []string) error {
	return f.editRunbookTraits(ctx, ident, func([]string) []string { return traits })
}

// AddRunbookTrait gives the runbook one trait more.
func (f *Fleet) AddRunbookTrait(ctx context.Context, ident, trait string) error {
	return f.editRunbookTraits(ctx, ident, func(had []string) []string { return append(had, trait) })
}

// RemoveRunbookTrait takes a trait from the runbook, if it has it.
func (f *Fleet) RemoveRunbookTrait(ctx context.Context, ident, trait string) error {
	return f.editRunbookTraits(ctx, ident, func(had []string) []string {
		return slices.DeleteFunc(had, func(t string) bool { return t == trait })
	})
}

// editRunbookTraits replaces the traits of the runbook by those that change returns, in
// order and without doubles.
func (f *Fleet) editRunbookTraits(ctx context.Context, ident string, change func(had []string) []string) error {
	return f.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Runbooks().Get(ident)
		if err != nil {
			return err
		}
		v.Traits = slices.Sorted(slices.Values(change(v.Traits)))
		v.Traits = slices.Compact(v.Traits)
		return tx.Runbooks().Update(v)
	})
}

// RunbookFor returns the runbook that ident names, if the node may be worked on by it: it
// has one of the runbook's traits, or for older clients one that is called as the runbook.
func (f *Fleet) RunbookFor(ctx context.Context, r Rules, ident string, n *baremetal.Node) (v *baremetal.Runbook, err error) {
	err = f.store.View(ctx, func(tx *store.Tx) error {
		v, err = tx.Runbooks().Get(ident)
		return err
	})
	if err == nil {
		err = mayRun(r, v, n)
	}
	return v, err
}

func mayRun(r Rules, v *baremetal.Runbook, n *baremetal.Node) error {
	const unapproved = "This runbook has not been approved for use on this node %s. "
	has := func(trait string) bool { return slices.Contains(n.Traits, trait) }
	switch {
	case !r.RunbookTraits && !has(v.Name):
		return invalid(unapproved+"Please ask an administrator to add it to your node traits.", n.UUID)
	case r.RunbookTraits && len(v.Traits) == 0:
		return invalid("Runbook %s has no traits configured. Please ask an administrator to add traits to the runbook.", v.UUID)
	case r.RunbookTraits && !slices.ContainsFunc(v.Traits, has):
		return invalid(unapproved+"The node does not have any of the runbook's traits ['%s']. "+
			"Please ask an administrator to add a matching trait to your node.", n.UUID, strings.Join(v.Traits, "', '"))
	}
	return nil
}

// InOrder returns the steps of a runbook by their order, which is a number or digits.
func InOrder(steps []baremetal.Object) []baremetal.Object {
	return slices.SortedStableFunc(slices.Values(steps), func(a, b baremetal.Object) int { return cmp.Compare(orderOf(a), orderOf(b)) })
}

func orderOf(step baremetal.Object) float64 {
	var order json.Number
	switch v := step["order"].(type) {
	case float64:
		return v
	case json.Number:
		order = v
	case string:
		order = json.Number(v)
	}
	number, _ := order.Float64()
	return number
}
