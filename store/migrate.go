package store

import (
	"context"
	"database/sql"
	"fmt"
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
		return fmt.Errorf("its schema is version %d, this program knows up to %d: run the newer ironhook that wrote it", version, newest)
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
