package store

import (
	"fmt"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// The errors that the log had of a node are its history after the migration, under the UUIDs that clients
// know. Those of an earlier node with its UUID are not.
func TestMigrationToHistories(t *testing.T) {
	path := released(t)
	node := strings.Trim(rowsOf(t, path, "SELECT uuid FROM nodes ORDER BY id LIMIT 1")[0], "[]")
	execute(t, path, fmt.Sprintf("INSERT INTO events (seq, at, node, kind, detail) VALUES (901, 1, %s, 'error', 'too old'), (902, "+
		"9000000000000000, %[1]s, 'error', 'broken')",
		quoted(node)))
	s := reopen(t, path)
	err := s.View(t.Context(), func(tx *Tx) error {
		all, err := tx.Histories().List(Where("node_uuid", node))
		if err == nil && (len(all) != 1 || all[0].Event != "broken" || !all[0].Error || all[0].UUID != "00000000-0000-8000-8000-000000000386") {
			t.Errorf("history = %+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A node's history keeps its newest entries, and goes with the node.
func TestHistoryIsBounded(t *testing.T) {
	s := open(t)
	count := func() (n int64) {
		err := s.View(t.Context(), func(tx *Tx) (err error) {
			n, err = tx.Histories().Count()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := node(1)
	err := s.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		for i := range keptHistory + 5 {
			if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventError, Detail: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || count() != keptHistory {
		t.Fatalf("%d entries, %v, want %d", count(), err, keptHistory)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Nodes().Delete(n.UUID) }); err != nil || count() != 0 {
		t.Errorf("%d entries of a node that is gone, %v", count(), err)
	}
}
