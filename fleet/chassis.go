package fleet

import (
	"context"

	"ironhook/baremetal"
	"ironhook/store"
)

var chassis = kind[baremetal.Chassis]{(*store.Tx).Chassis, func(v *baremetal.Chassis) *string { return &v.UUID }}

// CreateChassis adds a chassis.
func (f *Fleet) CreateChassis(ctx context.Context, v *baremetal.Chassis) error {
	return f.store.Update(ctx, func(tx *store.Tx) error { return chassis.insert(tx, v) })
}

// UpdateChassis changes the chassis and returns it. Its UUID stays.
func (f *Fleet) UpdateChassis(ctx context.Context, ident string, p Patch[baremetal.Chassis]) (*baremetal.Chassis, error) {
	return chassis.update(ctx, f, ident, p, func(*store.Tx, *baremetal.Chassis) error {
		if _, given := p.Given["uuid"]; given {
			return invalid("Cannot overwrite UUID for an existing Chassis.")
		}
		return nil
	})
}

// DeleteChassis deletes an empty chassis.
func (f *Fleet) DeleteChassis(ctx context.Context, ident string) error {
	return chassis.remove(ctx, f, ident, func(tx *store.Tx, v *baremetal.Chassis) error {
		held, err := tx.Nodes().List(store.Query{Filters: store.Where("chassis_uuid", v.UUID).Filters, Columns: []string{"uuid"}, Limit: 1})
		if err == nil && len(held) > 0 {
			err = contains("chassis", v.UUID, "nodes")
		}
		return err
	})
}

// checkChassis refuses a chassis that does not exist.
func checkChassis(tx *store.Tx, uuid string) error {
	if uuid == "" {
		return nil
	}
	_, err := tx.Chassis().Get(uuid)
	return named(err)
}
