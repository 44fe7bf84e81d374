package store

import (
	"errors"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestFullDisk: a database that cannot grow is an error of kind ErrNoSpace with the remedy,
// for a row, for an event and for a row that grows; what was there can be read.
func TestFullDisk(t *testing.T) {
	s := open(t)
	large := baremetal.Object{"x": strings.Repeat("x", 100_000)}
	n := &baremetal.Node{UUID: "n", Name: "pc", Driver: "fake-hardware", ProvisionState: baremetal.Manageable}
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Nodes().Insert(n) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.session.exec("PRAGMA max_page_count = 1"); err != nil { // SQLite takes the present size
		t.Fatal(err)
	}
	for what, change := range map[string]func(tx *Tx) error{
		"a row": func(tx *Tx) error {
			return tx.Nodes().Insert(&baremetal.Node{UUID: "m", Driver: "fake-hardware", ProvisionState: baremetal.Manageable, Extra: large})
		},
		"a row that grows": func(tx *Tx) error { n.Extra = large; return tx.Nodes().Update(n) },
		"an event": func(tx *Tx) error {
			return tx.Append(baremetal.Event{Kind: baremetal.EventNode, Detail: strings.Repeat("x", 100_000)})
		},
	} {
		err := s.Update(t.Context(), change)
		if !errors.Is(err, baremetal.ErrNoSpace) || !strings.Contains(err.Error(), "make room in the data directory") {
			t.Errorf("%s: %v, want a full disk with the remedy", what, err)
		}
	}
	err := s.View(t.Context(), func(tx *Tx) error {
		_, err := tx.Nodes().Get("pc")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
