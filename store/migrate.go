package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// steps lead from each released schema to the next: steps[0] turns version 1
// into version 2. schema.sql is always the newest; a test holds the two together.
var steps = []string{}

// migrate brings the database to the newest schema in one transaction. Its
// version stands in PRAGMA user_version; 0 is an empty file.
func migrate(ctx context.Context, db *sql.DB, schema string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	newest := len(steps) + 1
	var todo []string
	switch {
	case version == 0:
		todo = []string{schema}
	case version > newest:
		return fmt.Errorf("schema version %d, this program knows up to %d: %w", version, newest, errNewer)
	default:
		todo = steps[version-1:]
	}
	for i, step := range todo {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("schema step %d: %w", version+i, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", newest)); err != nil {
		return err
	}
	return tx.Commit()
}

// examine reads every page once, so that a damaged file is found out now and not in
// the middle of a boot: a tenth of a second for the longest event log.
func examine(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, strings.ReplaceAll(verdict, "\n", " "))
	}
	return nil
}
