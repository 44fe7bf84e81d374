package fleet

import (
	"context"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// maxTraits is how many traits a node may have.
const maxTraits = 50

// SetTraits replaces the node's traits.
func (f *Fleet) SetTraits(ctx context.Context, ident string, traits []string) error {
	return f.editTraits(ctx, ident, func(*baremetal.Node) ([]string, error) { return traits, nil })
}

// AddTrait adds a trait to the node.
func (f *Fleet) AddTrait(ctx context.Context, ident, trait string) error {
	return f.editTraits(ctx, ident, func(n *baremetal.Node) ([]string, error) { return append(n.Traits, trait), nil })
}

// RemoveTrait removes a trait from the node. The error is ErrNotFound if the node does not
// have it.
func (f *Fleet) RemoveTrait(ctx context.Context, ident, trait string) error {
	return f.editTraits(ctx, ident, func(n *baremetal.Node) ([]string, error) {
		i := slices.Index(n.Traits, trait)
		if i < 0 {
			return nil, baremetal.Errorf(baremetal.ErrNotFound, "Node %s doesn't have a trait '%s'", n.UUID, trait)
		}
		return slices.Delete(n.Traits, i, i+1), nil
	})
}

// editTraits replaces the node's traits with those that change returns, sorted and without
// duplicates.
func (f *Fleet) editTraits(ctx context.Context, ident string, change func(n *baremetal.Node) ([]string, error)) error {
	return f.edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		traits, err := change(n)
		if err != nil {
			return err
		}
		slices.Sort(traits)
		n.Traits = slices.Compact(traits)
		if len(n.Traits) > maxTraits {
			return invalid("Could not modify traits for node %d as it would exceed the maximum number of traits per node (%d vs. %d)",
				n.ID, len(n.Traits), maxTraits)
		}
		return save(tx, n, "traits changed")
	})
}
