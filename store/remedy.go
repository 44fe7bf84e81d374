package store

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"ironhook/baremetal"
)

// The reasons why this program cannot use a database.
var (
	errNewer   = errors.New("written by a newer ironhook")
	errDamaged = errors.New("damaged")
)

// RestoreRemedy is what to do about a database whose contents are lost.
const RestoreRemedy = "restore the database from a backup, or move it away to begin anew"

// Remedy says what an operator can do about a database that cannot be used. It is ""
// for any other error.
func Remedy(err error) string {
	var failed *sqlite.Error
	switch {
	case errors.Is(err, errNewer):
		return "run the newer program, or put back the copy that it kept beside the database before it changed it (ironhook.db.schema-N)"
	case errors.Is(err, errDamaged):
		return RestoreRemedy
	case !errors.As(err, &failed):
		return ""
	}
	switch failed.Code() & 0xff { // an extended code has its kind in the lowest byte
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return RestoreRemedy
	case sqlite3.SQLITE_FULL:
		return "make room there, or give another directory"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return "give a directory that you may write to"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program holds the database open for writing; end it"
	case sqlite3.SQLITE_IOERR:
		return "the disk does not read or write; look at the kernel's log (dmesg)"
	}
	return ""
}

// full gives the error of a full disk its kind, with words for the client.
func full(err error) error {
	var failed *sqlite.Error
	if errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_FULL || errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", baremetal.Errorf(baremetal.ErrNoSpace,
			"The disk of the database is full, and nothing was changed; make room in the data directory"), err)
	}
	return err
}
