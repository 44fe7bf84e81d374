package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"ironhook/baremetal"
)

// A part of a row is read by each of its names, and written without what was not read.
func TestPartsOfARow(t *testing.T) {
	s := open(t)
	whole := node(1)
	whole.Name, whole.Reservation, whole.Properties = "pc-07", "here", baremetal.Object{"cpu_arch": "x86_64"}
	update(t, s, func(tx *Tx) error { return tx.Nodes().Insert(whole) })
	for _, ident := range []string{"pc-07", uuid(1)} {
		err := s.View(t.Context(), func(tx *Tx) error {
			got, err := tx.Nodes().Get(ident, "uuid", "reservation")
			if want := (&baremetal.Node{UUID: uuid(1), Reservation: "here"}); !reflect.DeepEqual(got, want) {
				t.Errorf("Get(%s, part) = %+v, want %+v", ident, got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	update(t, s, func(tx *Tx) error { return tx.Nodes().Change(&baremetal.Node{UUID: uuid(1)}, "reservation") })
	update(t, s, func(tx *Tx) error {
		got, err := tx.Nodes().Get("pc-07")
		if err != nil {
			return err
		}
		if got.UpdatedAt.IsZero() {
			t.Error("a change in part is not stamped")
		}
		whole.Reservation, whole.CreatedAt, whole.UpdatedAt, got.CreatedAt, got.UpdatedAt = "", time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if !reflect.DeepEqual(got, whole) {
			t.Errorf("after a change of one column the row is %+v, want %+v", got, whole)
		}
		return nil
	})
	err := s.Update(t.Context(), func(tx *Tx) error { return tx.Nodes().Change(node(2), "reservation") })
	if !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("a change of no row: %v", err)
	}
}
