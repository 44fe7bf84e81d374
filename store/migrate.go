package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// migrations lead from each released schema to the next, a statement a string:
// migrations[0] turns version 1 into version 2. schema.sql is always the newest; a
// test holds the two together.
var migrations = [][]string{oneTableOfGrants, identities, newestInterface, tableOfImports, administrativeMetadata, volumesOfTargets,
	tableOfLogins, tableOfUsers, wallsAndViews, tablesOfHistory,
	tablesOfTheAgent, tablesOfHooks}

// migrate brings the database to the newest schema in one transaction. Its
// version stands in PRAGMA user_version; 0 is an empty file. done, unless nil, is
// called after each statement.
func migrate(ctx context.Context, db *sql.DB, schema string, done func()) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	statements, err := statementsFrom(version, schema)
	if err != nil {
		return err
	}
	statements = append(statements, fmt.Sprintf("PRAGMA user_version = %d", newest()))
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("migrate from schema %d: %.60s: %w", version, statement, err)
		}
		if done != nil {
			done()
		}
	}
	return tx.Commit()
}

// statementsFrom returns the statements that lead from a version of the schema to the newest.
func statementsFrom(version int, schema string) (statements []string, err error) {
	switch {
	case version == 0:
		return []string{schema}, nil
	case version > newest():
		return nil, fmt.Errorf("schema version %d, this program knows up to %d: %w", version, newest(), errNewer)
	}
	for _, m := range migrations[version-1:] {
		statements = append(statements, m...)
	}
	return statements, nil
}

// newest is the version of schema.sql.
func newest() int { return len(migrations) + 1 }

// examine reads every page once, so that damage is found now and not in the middle of a
// boot: a tenth of a second for the longest event log.
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
