// Package storetest opens a real store for tests: the same schema, the same
// SQLite, in a folder that goes with the test.
package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"ironhook/store"
)

// Open opens a new store, closed when the test ends.
func Open(tb testing.TB) *store.Store {
	tb.Helper()
	return OpenAt(tb, filepath.Join(tb.TempDir(), "ironhook.db"))
}

// OpenAt opens the store in the file at path, making it when it is not there. It
// is closed when the test ends.
func OpenAt(tb testing.TB, path string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), path, Schema(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Schema is the text of schema.sql, beside the go.mod of the directory that the test runs
// in.
func Schema(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "schema.sql"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}
