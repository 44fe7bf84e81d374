package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// ApplianceID is the random UUID that was made with the database.
func (tx *Tx) ApplianceID() (string, error) {
	id, ok, err := tx.scalar("SELECT uuid FROM appliance")
	if err == nil && !ok {
		err = fmt.Errorf("the database has no appliance's id: %w", errDamaged)
	}
	return id, err
}

// KeepsName reports whether the serial number of an image or a raw file is its own name,
// as it was before the appliance had an id.
func (tx *Tx) KeepsName(volume string) (bool, error) {
	_, ok, err := tx.scalar("SELECT volume FROM kept_serials WHERE volume = ?", volume)
	return ok, err
}

// scalar reads the text that a query yields; ok is false if there is none.
func (tx *Tx) scalar(query string, args ...any) (text string, ok bool, err error) {
	rows, err := tx.query(query, args...)
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, 1)
	switch err := rows.Next(values); {
	case errors.Is(err, io.EOF):
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	text, ok = values[0].(string)
	return text, ok, nil
}
