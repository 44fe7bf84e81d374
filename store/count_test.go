package store_test

import (
	"reflect"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestCountEvents(t *testing.T) {
	s := storetest.Open(t)
	count := func(after int64) (kinds map[baremetal.EventKind]int64, newest int64) {
		err := s.View(t.Context(), func(tx *store.Tx) (err error) {
			kinds, newest, err = tx.CountEvents(after)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return kinds, newest
	}
	if kinds, newest := count(7); len(kinds) != 0 || newest != 7 {
		t.Errorf("of none: %v, %d", kinds, newest)
	}
	if err := s.Append(t.Context(), baremetal.Event{Kind: "a"}, baremetal.Event{Kind: "b"}, baremetal.Event{Kind: "b"},
		baremetal.Event{Kind: "a"}); err != nil {
		t.Fatal(err)
	}
	if kinds, newest := count(1); newest != 4 || !reflect.DeepEqual(kinds, map[baremetal.EventKind]int64{"a": 1, "b": 2}) {
		t.Errorf("after the first: %v, %d", kinds, newest)
	}
}
