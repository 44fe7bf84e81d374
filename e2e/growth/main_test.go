package main

import (
	"testing"

	"ironhook/e2e/lab"
)

// TestOperations does every operation of the benchmark among few; that their cost does not
// grow is held by counts in volume and store, for times depend on what else runs.
func TestOperations(t *testing.T) {
	root, err := lab.Root()
	if err != nil {
		t.Fatal(err)
	}
	h, err := open(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	for _, n := range []int{5, 50} {
		if err := h.fill(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		for _, o := range operations {
			if _, err := h.time(t.Context(), o); err != nil {
				t.Errorf("%s among %d: %v", o.name, n, err)
			}
		}
	}
}
