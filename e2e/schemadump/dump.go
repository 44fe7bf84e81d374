package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
)

// dump writes a script that makes the same database.
func dump(ctx context.Context, db *sql.DB, w io.Writer) error {
	schema, err := column(ctx, db,
		`SELECT coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type <> 'table', rowid`)
	if err != nil {
		return err
	}
	tables, err := column(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name = 'sqlite_sequence', name`)
	if err != nil {
		return err
	}
	version, err := column(ctx, db, "SELECT user_version FROM pragma_user_version")
	if err != nil {
		return err
	}
	script := []string{"PRAGMA foreign_keys = OFF", "BEGIN TRANSACTION"}
	script = append(script, schema...)
	for _, table := range tables {
		// Generated columns are not in table_info.
		columns, err := column(ctx, db, "SELECT name FROM pragma_table_info('"+table+"')")
		if err != nil {
			return err
		}
		values := make([]string, len(columns))
		for i, name := range columns {
			values[i] = `quote("` + name + `")`
		}
		rows, err := column(ctx, db, fmt.Sprintf(`SELECT 'INSERT INTO "%s" (%s) VALUES (' || %s || ')' FROM "%[1]s" ORDER BY rowid`,
			table, strings.Join(columns, ", "), strings.Join(values, " || ', ' || ")))
		if err != nil {
			return err
		}
		if table == "sqlite_sequence" { // the rows before it have made some
			script = append(script, "DELETE FROM sqlite_sequence")
		}
		script = append(script, rows...)
	}
	script = append(script, "PRAGMA user_version = "+version[0], "COMMIT")
	_, err = io.WriteString(w, strings.Join(script, ";\n")+";\n")
	return err
}

// column reads the rows of one column.
func column(ctx context.Context, db *sql.DB, query string) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
