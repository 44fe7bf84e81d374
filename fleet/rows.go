package fleet

import (
	"cmp"
	"context"

	"ironhook/store"

	"github.com/google/uuid"
)

// kind is a kind of record that changes without the lock of a node.
type kind[T any] struct {
	rows func(*store.Tx) store.Set[T]
	uuid func(*T) *string
}

// insert sets a UUID if there is none and writes the row.
func (k kind[T]) insert(tx *store.Tx, row *T) error {
	*k.uuid(row) = cmp.Or(*k.uuid(row), uuid.NewString())
	return k.rows(tx).Insert(row)
}

// update applies the patch to the row that ident names. If anything changes, it checks and
// writes the row.
func (k kind[T]) update(ctx context.Context, f *Fleet, ident string, p Patch[T], check func(*store.Tx, *T) error) (row *T, err error) {
	err = f.store.Update(ctx, func(tx *store.Tx) error {
		if row, err = k.rows(tx).Get(ident); err != nil {
			return err
		}
		changed, err := p.Apply(row)
		if err != nil || len(changed) == 0 {
			return err
		}
		if err := check(tx, row); err != nil {
			return err
		}
		return k.rows(tx).Update(row)
	})
	return row, err
}

// remove deletes the row that ident names if check allows it.
func (k kind[T]) remove(ctx context.Context, f *Fleet, ident string, check func(tx *store.Tx, row *T) error) error {
	return f.store.Update(ctx, func(tx *store.Tx) error {
		row, err := k.rows(tx).Get(ident)
		if err != nil {
			return err
		}
		if err := check(tx, row); err != nil {
			return err
		}
		return k.rows(tx).Delete(*k.uuid(row))
	})
}
