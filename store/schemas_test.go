package store

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// testdata/schema-N.sql is what a program of schema N left behind after a life of its own:
// go run ./e2e/schemadump makes one.

// rewritten are the columns and tables that a migration changes or removes, by the version that
// it leads to. What the values became is what the test of that migration says.
var rewritten = map[int][]string{
	2: {"exports.*", "volume_targets.properties", "attachments.iqn", "attachments.initiator", "attachments.user", "attachments.secret"},
	6: {"volumes.admin_metadata"},
}

// ofADay are the versions of which there is no dump: they followed each other within a day, and
// nobody was given a program with them. The migration from an earlier one passes through each.
var ofADay = []int{3, 5, 6, 7, 11, 12}

// TestEverySchemaIsMigrated: from each version there ever was, the schema is the newest
// afterwards, no reference is broken, and each value that is not in rewritten is the same.
func TestEverySchemaIsMigrated(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	reopen(t, fresh)
	want := schemaOf(t, fresh)
	for version := 1; version < newest(); version++ {
		if slices.Contains(ofADay, version) {
			continue
		}
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			path := releasedAs(t, version)
			if got := rowsOf(t, path, "PRAGMA user_version"); got[0] != fmt.Sprint([]any{int64(version)}...) {
				t.Fatalf("the dump is of schema %s", got)
			}
			queries := keptBy(t, path, version)
			before := answers(t, path, queries...)
			reopen(t, path)
			if got := schemaOf(t, path); !reflect.DeepEqual(got, want) {
				t.Errorf("migrated schema:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := rowsOf(t, path, "PRAGMA foreign_key_check"); len(got) > 0 {
				t.Errorf("broken references: %v", got)
			}
			for i, after := range answers(t, path, queries...) {
				if !reflect.DeepEqual(after, before[i]) {
					t.Errorf("%s:\n%q\nbefore the migration:\n%q", queries[i], after, before[i])
				}
			}
		})
	}
}

// keptBy returns a query for each table of which a migration from the version keeps all rows, and
// fails where too many tables have none to prove it by.
func keptBy(t *testing.T, path string, version int) (queries []string) {
	t.Helper()
	var changed, empty, same []string
	for to, what := range rewritten {
		if to > version {
			changed = append(changed, what...)
		}
	}
	for _, table := range namesOf(t, path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name") {
		if slices.Contains(changed, table+".*") {
			continue
		}
		columns := namesOf(t, path, "SELECT name FROM pragma_table_info('"+table+"')")
		columns = slices.DeleteFunc(columns, func(c string) bool { return slices.Contains(changed, table+"."+c) })
		query := "SELECT " + strings.Join(columns, ", ") + " FROM " + table + " ORDER BY rowid"
		queries, same = append(queries, query), append(same, "'"+table+"'")
		if len(rowsOf(t, path, query)) == 0 {
			empty = append(empty, table)
		}
	}
	// What no request of schemadump makes: an inspection with a ramdisk, a deployment with a URL, an image
	// from before there were ids; and the programs of schemas 4 and 5 had tables for what they could not do yet.
	unused := []string{"imports", "inventories", "kept_serials", "runbooks", "inspection_rules"}
	if version == 1 { // the first dump is older than schemadump
		unused = append(unused, "chassis", "deploy_templates", "portgroups")
	}
	for _, table := range empty {
		if !slices.Contains(unused, table) {
			t.Errorf("the dump has no rows in %s: it proves nothing", table)
		}
	}
	return append(queries, "SELECT name, seq FROM sqlite_sequence WHERE name IN ("+strings.Join(same, ", ")+") ORDER BY name")
}

func namesOf(t *testing.T, path, query string) (names []string) {
	t.Helper()
	for _, name := range rowsOf(t, path, query) {
		names = append(names, strings.Trim(name, "[]"))
	}
	return names
}

// TestACopyIsKeptBeforeAMigration: it is whole, for the owner alone, and the only one; a second
// start makes none, and what a power loss left of an earlier attempt does not matter.
func TestACopyIsKeptBeforeAMigration(t *testing.T) {
	path := releasedAs(t, 2)
	queries := keptBy(t, path, 2)
	before := answers(t, path, queries...)
	for _, name := range []string{path + ".schema-2.part", path + ".schema-1"} {
		if err := os.WriteFile(name, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reopen(t, path)
	first := copiesOf(t, path)
	if !reflect.DeepEqual(first, []string{path + ".schema-2"}) {
		t.Fatalf("copies %q, want the one of schema 2", first)
	}
	if info, err := os.Stat(first[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if got := answers(t, first[0], queries...); !reflect.DeepEqual(got, before) {
		t.Errorf("the copy has %q, want %q", got, before)
	}
	if seen, err := Examine(t.Context(), first[0]); err != nil || seen.Schema != 2 {
		t.Errorf("the copy is %+v, %v, want schema 2", seen, err)
	}
	fresh := filepath.Join(t.TempDir(), "ironhook.db")
	reopen(t, fresh)
	reopen(t, fresh)
	if made := copiesOf(t, fresh); len(made) > 0 {
		t.Errorf("copies of a database that was not migrated: %q", made)
	}
}

// TestNoCopyNoMigration: where the copy cannot be kept, nothing is changed.
func TestNoCopyNoMigration(t *testing.T) {
	path := releasedAs(t, 2)
	if err := os.MkdirAll(path+".schema-2/full", 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, ""); err == nil {
		s.Close()
		t.Error("a migration without a copy")
	}
	if seen, err := Examine(t.Context(), path); err != nil || seen.Schema != 2 {
		t.Errorf("the database is %+v, %v, want schema 2 as before", seen, err)
	}
}

func copiesOf(t *testing.T, path string) []string {
	t.Helper()
	copies, err := filepath.Glob(path + ".schema-*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(copies, func(c string) bool { return strings.HasSuffix(c, "-wal") || strings.HasSuffix(c, "-shm") })
}
