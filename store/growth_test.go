package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"ironhook/store/storetest"
)

// TestLookUpsUseAnIndex holds that what is asked at each change, boot and login is found and
// not searched for: SQLite would read every row of a table that it scans.
func TestLookUpsUseAnIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ironhook.db")
	storetest.OpenAt(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, where := range []string{
		"nodes WHERE uuid = 'x'", "nodes WHERE name = 'x'",
		"ports WHERE address = 'x'", "ports WHERE node_uuid = 'x'", "portgroups WHERE node_uuid = 'x'",
		"leases WHERE mac = 'x'", "leases WHERE address = 'x'",
		"volumes WHERE uuid = 'x'", "volumes WHERE name = 'x'", "volumes WHERE node_uuid = 'x'",
		"images WHERE name = 'x'", "imports WHERE source = 'x'",
		"snapshots WHERE uuid = 'x'", "snapshots WHERE volume_uuid = 'x'",
		"attachments WHERE volume_uuid = 'x'",
		"volume_targets WHERE uuid = 'x'", "volume_targets WHERE node_uuid = 'x'",
		"volume_targets WHERE volume_id IN ('x', 'y')", "volume_connectors WHERE node_uuid = 'x'",
		"grants WHERE iqn = 'x'", "grants WHERE volume = 'x'", "grants WHERE node_uuid = 'x'",
		"grants WHERE target_uuid = 'x'", "grants WHERE attachment_uuid = 'x'",
		"events WHERE node = 'x' ORDER BY seq LIMIT 10", "events WHERE seq > 1 ORDER BY seq LIMIT 10",
	} {
		if plan := planOf(t, db, "SELECT * FROM "+where); strings.Contains(plan, "SCAN") {
			t.Errorf("%s: %s", where, plan)
		}
	}
}

func planOf(t *testing.T, db *sql.DB, query string) (plan string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "; "
	}
	return plan
}
