package baremetal

import (
	"errors"
	"fmt"
)

// The kinds of error. Only package api/rest turns a kind into a status code; every
// other package passes the kind on with %w or [Errorf].
var (
	ErrNotFound    = errors.New("not found")                    // 404
	ErrInvalid     = errors.New("invalid")                      // 400
	ErrConflict    = errors.New("conflict")                     // 409
	ErrLocked      = errors.New("locked")                       // 409, Ironic's NodeLocked
	ErrForbidden   = errors.New("forbidden")                    // 403
	ErrUnsupported = errors.New("not supported by this driver") // 400, Ironic's UnsupportedDriverExtension
	ErrStorage     = errors.New("storage")                      // 500, Ironic's StorageError
	ErrBusy        = errors.New("busy")                         // 503, no free worker
	ErrBMC         = errors.New("BMC")                          // 500, Ironic's IPMIFailure
	ErrTooNew      = errors.New("newer than the client's API")  // 406

	// ErrNoSpace is the ErrStorage of a full file system.
	ErrNoSpace = fmt.Errorf("no space left: %w", ErrStorage) // 507

	// ErrFormat is the ErrInvalid of data of another format than was said.
	ErrFormat = fmt.Errorf("another format: %w", ErrInvalid) // 415

	// ErrBootDevice is the ErrBMC of a BMC that answers but refuses the boot device.
	// Whether that matters depends on the machine's own boot order.
	ErrBootDevice = errors.New("boot device refused")
)

// Error is a message for a client or an operator that carries its kind.
type Error struct {
	Kind    error  // one of the sentinels above
	Message string // a whole sentence, Ironic's where Ironic has one
}

// Error returns the message alone: what a client reads.
func (e *Error) Error() string { return e.Message }

// Unwrap makes errors.Is(err, kind) work.
func (e *Error) Unwrap() error { return e.Kind }

// Errorf makes an error of the given kind with a message for the client.
func Errorf(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Unsupported is Ironic's UnsupportedDriverExtension: the node's driver cannot do what
// extension names.
func Unsupported(driver, extension string) error {
	return Errorf(ErrUnsupported, "Driver %s does not support %s (disabled or not implemented).", driver, extension)
}
