package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Copy is what stands in a copy of the database.
type Copy struct {
	Schema    int       // its version
	Appliance string    // the id of the appliance; "" before schema 3
	Disks     []string  // ids of the volumes, snapshots and images that have bytes
	Granted   []string  // volumes and raw files that an initiator may log in to; none before schema 2
	Newest    time.Time // of the events; zero where there are none
	Ports     int       // how many there are
}

// Backup writes a copy of the database at path, as it is at one moment, to the new file
// to. Others may write meanwhile; a transaction is in the copy completely or not at all.
// The copy has the mode that the umask gives: put it into a directory of the owner's.
func Backup(ctx context.Context, path, to string) error {
	db, err := sql.Open("sqlite", plainDSN(path, "rw"))
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// Examine reads all of a database that no process has open, and changes nothing. The error says
// what is wrong with it; [Remedy] has the way out.
func Examine(ctx context.Context, path string) (c Copy, err error) {
	db, err := sql.Open("sqlite", plainDSN(path, "ro"))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := examine(ctx, db); err != nil {
		return c, err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&c.Schema); err != nil {
		return c, err
	}
	if _, err := statementsFrom(c.Schema, ""); err != nil || c.Schema == 0 {
		return c, errors.Join(err, absent(c.Schema))
	}
	if c.Schema >= 3 {
		if err := db.QueryRowContext(ctx, "SELECT uuid FROM appliance").Scan(&c.Appliance); err != nil {
			return c, fmt.Errorf("id of the appliance: %w", err)
		}
	}
	var newest sql.NullInt64
	if err := db.QueryRowContext(ctx, "SELECT max(at) FROM events").Scan(&newest); err != nil {
		return c, err
	}
	if newest.Valid {
		c.Newest = time.UnixMicro(newest.Int64)
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM ports").Scan(&c.Ports); err != nil {
		return c, err
	}
	if c.Schema >= 2 {
		if c.Granted, err = texts(ctx, db, "SELECT DISTINCT volume FROM grants ORDER BY volume"); err != nil {
			return c, err
		}
	}
	c.Disks, err = texts(ctx, db, disks)
	return c, err
}

func absent(schema int) error {
	if schema == 0 {
		return fmt.Errorf("%w: it has no schema", errDamaged)
	}
	return nil
}

// disks selects what has bytes: not what is being made or deleted, which the next start
// finishes or undoes.
const disks = `SELECT uuid FROM images WHERE status = 'active'
	UNION SELECT uuid FROM volumes WHERE status IN ('available', 'in-use', 'reserved', 'uploading')
	UNION SELECT uuid FROM snapshots WHERE status = 'available' ORDER BY uuid`

// texts reads the rows of one column.
func texts(ctx context.Context, db *sql.DB, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // only read
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// plainDSN opens the file and changes nothing about it.
func plainDSN(path, mode string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=" + mode + "&_pragma=busy_timeout(10000)"}).String()
}
