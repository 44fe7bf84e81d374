package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"ironhook/baremetal"
)

// testdata/schema-1.sql is what the first release left behind after nodes were
// deployed, powered, attached to and undeployed: a dump of its database.

// released makes a database of the first release in a new folder.
func released(t *testing.T) (path string) { t.Helper(); return releasedAs(t, 1) }

// releasedAs makes a database as a program with that version of the schema left it.
func releasedAs(t *testing.T, version int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ironhook.db")
	dump, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		t.Fatal(err)
	}
	execute(t, path, string(dump))
	return path
}

func execute(t *testing.T, path, script string) {
	t.Helper()
	db := database(t, path)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
}

func database(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// rowsOf reads a query as lines of text.
func rowsOf(t *testing.T, path, query string) (lines []string) {
	t.Helper()
	db := database(t, path)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, at := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

var (
	sqlComment = regexp.MustCompile(`--[^\n]*`)
	sqlSpace   = regexp.MustCompile(`\s+`)
)

// schemaOf reads what tables and indices a database has. A column that was added stands
// on the line of the one before, so spaces and comments do not count.
func schemaOf(t *testing.T, path string) (tables []string) {
	t.Helper()
	for _, sql := range rowsOf(t, path, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name") {
		sql = sqlSpace.ReplaceAllString(sqlComment.ReplaceAllString(sql, ""), " ")
		tables = append(tables, strings.NewReplacer(" )", ")", " ,", ",").Replace(sql))
	}
	return tables
}

// untouched are the queries whose answers a migration from schema 1 must not change: *
// stands for the columns that there were before.
var untouched = []string{
	"SELECT * FROM nodes ORDER BY id", "SELECT * FROM ports ORDER BY id", "SELECT * FROM volume_connectors ORDER BY id",
	"SELECT * FROM leases ORDER BY mac", "SELECT seq, at, node, mac, kind, step, detail FROM events ORDER BY seq",
	"SELECT * FROM images ORDER BY id",
	"SELECT id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, " +
		"image_metadata, message, created_at, updated_at FROM volumes ORDER BY id", "SELECT * FROM snapshots ORDER BY id",
	"SELECT * FROM allocations ORDER BY id",
	"SELECT id, uuid, node_uuid, volume_type, boot_index, volume_id, created_at, updated_at, extra FROM volume_targets ORDER BY id",
	"SELECT uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at FROM attachments ORDER BY rowid",
	"SELECT seq FROM sqlite_sequence WHERE name <> 'histories' ORDER BY name",
}

// spelled returns the queries with the columns that a database has instead of *.
func spelled(t *testing.T, path string, queries []string) (all []string) {
	t.Helper()
	for _, q := range queries {
		if table, star := strings.CutPrefix(q, "SELECT * FROM "); star {
			table, _, _ = strings.Cut(table, " ")
			names := rowsOf(t, path, "SELECT name FROM pragma_table_info('"+table+"')")
			for i := range names {
				names[i] = strings.Trim(names[i], "[]")
			}
			q = strings.Replace(q, "*", strings.Join(names, ", "), 1)
		}
		all = append(all, q)
	}
	return all
}

func answers(t *testing.T, path string, queries ...string) (all [][]string) {
	t.Helper()
	for _, q := range queries {
		all = append(all, rowsOf(t, path, q))
	}
	return all
}

func TestMigrationToGrants(t *testing.T) {
	path := released(t)
	queries := spelled(t, path, untouched)
	before := answers(t, path, queries...)
	for i, q := range untouched[:10] {
		if len(before[i]) == 0 && !strings.Contains(q, "allocations") {
			t.Errorf("the dump has no rows for %q: it proves nothing", q)
		}
	}
	exports := rowsOf(t, path, "SELECT iqn, target_uuid, node_uuid, volume, initiator, user, secret, created_at FROM exports ORDER BY iqn")
	hosts := rowsOf(t, path, "SELECT iqn, uuid, volume_uuid, read_only, initiator, user, secret, created_at FROM attachments WHERE "+
		"initiator IS NOT NULL ORDER BY iqn")
	portals := rowsOf(t, path,
		"SELECT e.iqn, t.properties ->> '$.target_portal' FROM exports e JOIN volume_targets t ON t.uuid = e.target_uuid ORDER BY e.iqn")
	secrets := rowsOf(t, path, "SELECT secret FROM exports UNION SELECT secret FROM attachments")
	if len(exports) == 0 || len(hosts) == 0 {
		t.Fatalf("the dump has %d exports and %d attachments: it proves nothing", len(exports), len(hosts))
	}
	s := reopen(t, path)
	for i, after := range answers(t, path, queries...) {
		if !reflect.DeepEqual(after, before[i]) {
			t.Errorf("%s:\n%q\nbefore the migration:\n%q", untouched[i], after, before[i])
		}
	}
	for query, want := range map[string][]string{
		"SELECT iqn, target_uuid, node_uuid, volume, initiator, user, secret, created_at FROM grants WHERE target_uuid IS NOT NULL " +
			"ORDER BY iqn": exports,
		"SELECT iqn, attachment_uuid, volume, read_only, initiator, user, secret, created_at FROM grants WHERE attachment_uuid IS NOT NULL " +
			"ORDER BY iqn": hosts,
		"SELECT iqn, portal FROM grants WHERE target_uuid IS NOT NULL " +
			"ORDER BY iqn": portals,
		"SELECT t.uuid FROM volume_targets t JOIN grants g ON g.target_uuid = t.uuid WHERE t.properties ->> '$.access_mode' = 'ro' AND NOT " +
			"g.read_only": nil,
		"SELECT uuid FROM volume_targets WHERE properties ->> '$.target_iqn' IN (SELECT iqn FROM grants) OR properties ->> '$.auth_username' " +
			"IS NOT NULL": nil,
	} {
		if got := rowsOf(t, path, query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%q\nwant:\n%q", query, got, want)
		}
	}
	for _, secret := range secrets {
		if in := rowsOf(t, path, "SELECT uuid FROM volume_targets WHERE instr(properties, "+quoted(secret)+")"); len(in) > 0 {
			t.Errorf("volume targets %v still hold a CHAP secret", in)
		}
	}
	err := s.View(t.Context(), func(tx *Tx) error {
		all, err := tx.Grants().List(Query{})
		if err == nil && len(all) != len(exports)+len(hosts) {
			t.Errorf("%d grants, want %d", len(all), len(exports)+len(hosts))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestMigrationToTheNewestInterface: what there was has the values that API 1.115 gives to
// what was never set.
func TestMigrationToTheNewestInterface(t *testing.T) {
	path := released(t)
	err := reopen(t, path).View(t.Context(), func(tx *Tx) error {
		all, err := tx.Nodes().List(Query{})
		if err == nil && len(all) == 0 {
			t.Error("the dump has no nodes: it proves nothing")
		}
		for _, n := range all {
			if n.DisablePowerOff == nil || *n.DisablePowerOff || n.ParentNode+n.InstanceName+n.Health != "" || n.ServiceStep != nil {
				t.Errorf("node after the migration: %+v", n)
			}
		}
		ports, err2 := tx.Ports().List(Query{})
		for _, p := range ports {
			if p.Name != nil || p.Description != nil || !p.AvailableForDynamicPortgroup {
				t.Errorf("port after the migration: %+v", p)
			}
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestMigrationKeepsSerials holds that what machines had before keeps the serial number that
// it had, and that each appliance has an id of its own.
func TestMigrationKeepsSerials(t *testing.T) {
	first, second := released(t), released(t)
	had := rowsOf(t, first, "SELECT volume FROM exports UNION SELECT volume_id FROM volume_targets WHERE volume_type = 'iscsi' EXCEPT "+
		"SELECT uuid FROM volumes ORDER BY 1")
	if len(had) < 3 {
		t.Fatalf("the dump has %q: it proves nothing", had)
	}
	s := reopen(t, first)
	reopen(t, second)
	if got := rowsOf(t, first, "SELECT iqn FROM grants WHERE serial <> volume"); len(got) > 0 {
		t.Errorf("grants %q have got another serial number", got)
	}
	err := s.View(t.Context(), func(tx *Tx) error {
		for _, name := range had {
			if kept, err := tx.KeepsName(strings.Trim(name, "[]")); err != nil || !kept {
				t.Errorf("KeepsName(%s) = %v, %v, want true", name, kept, err)
			}
		}
		if kept, err := tx.KeepsName("new"); err != nil || kept {
			t.Errorf("KeepsName of a new name = %v, %v, want false", kept, err)
		}
		id, err := tx.ApplianceID()
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
			t.Errorf("ApplianceID = %q, %v, want a random UUID", id, err)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	const ask = "SELECT uuid FROM appliance"
	if a, b := rowsOf(t, first, ask), rowsOf(t, second, ask); len(a) != 1 || len(b) != 1 || a[0] == b[0] {
		t.Errorf("appliances' ids %q and %q, want two that differ", a, b)
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(strings.Trim(s, "[]"), "'", "''") + "'" }

// killedMigration names the database that a process of TestMigrationKilledAtEveryStatement
// migrates, and the statement after which it kills itself.
const killedMigration = "IRONHOOK_KILLED_MIGRATION"

func TestMigrationKilledAtEveryStatement(t *testing.T) {
	if job := os.Getenv(killedMigration); job != "" {
		migrateUntilKilled(t, job)
		return
	}
	count := 1
	for _, m := range migrations {
		count += len(m)
	}
	for n := 1; n <= count; n++ {
		path := released(t)
		before := answers(t, path, append(untouched, "SELECT * FROM exports", "SELECT * FROM attachments", "SELECT * FROM volume_targets")...)
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", killedMigration, n, path))
		out, err := cmd.CombinedOutput()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("statement %d: the process ended with %v, want SIGKILL:\n%s", n, err, out)
		}
		after := answers(t, path, append(untouched, "SELECT * FROM exports", "SELECT * FROM attachments", "SELECT * FROM volume_targets")...)
		if !reflect.DeepEqual(after, before) {
			t.Fatalf("killed after statement %d: the database has changed", n)
		}
		err = reopen(t, path).View(t.Context(), func(tx *Tx) error {
			all, err := tx.Grants().List(Query{})
			if err == nil && len(all) == 0 {
				err = baremetal.Errorf(baremetal.ErrNotFound, "no grants")
			}
			return err
		})
		if err != nil {
			t.Errorf("killed after statement %d, then migrated: %v", n, err)
		}
	}
}

func migrateUntilKilled(t *testing.T, job string) {
	var n int
	var path string
	if _, err := fmt.Sscanf(job, "%d %s", &n, &path); err != nil {
		t.Fatal(err)
	}
	db := database(t, path)
	err := migrate(context.Background(), db, "", func() {
		if n--; n == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal may take a moment
		}
	})
	t.Fatalf("the migration ended: %v", err)
}
