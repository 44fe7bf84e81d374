package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReference holds the pages that are committed to the code.
func TestReference(t *testing.T) {
	root, dir := filepath.Join("..", ".."), t.TempDir()
	if err := write(root, dir); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(pages) != 5 {
		t.Fatalf("made %q, %v", pages, err)
	}
	for _, page := range pages {
		want, err1 := os.ReadFile(page)
		got, err2 := os.ReadFile(filepath.Join(root, "docs", "reference", filepath.Base(page)))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("docs/reference/%s is not what the code says (%v, %v): run go run ./packaging/reference", filepath.Base(page), err1, err2)
		}
		if len(want) < 600 {
			t.Errorf("%s has %d bytes only", filepath.Base(page), len(want))
		}
	}
}
