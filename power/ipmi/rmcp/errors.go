package rmcp

import (
	"errors"
	"fmt"
)

// The kinds of failure.
var (
	ErrNoAnswer    = errors.New("no answer")                            // no host there, or every packet lost
	ErrCredentials = errors.New("login refused")                        // user name, password or Kg key
	ErrLevel       = errors.New("privilege level refused")              // to this user, or with this cipher suite
	ErrSuite       = errors.New("cipher suite refused")                 // another one may do
	ErrBusy        = errors.New("BMC busy")                             // no free session, or not ready: try again later
	ErrProtocol    = errors.New("answer that does not fit the request") // a BMC with a defect, or one that lost its session

	ErrNoConsole = errors.New("no serial over LAN")
	ErrEnded     = errors.New("console ended")
	// ErrUnproven is the ErrCredentials of a BMC that has not proved that it knows the
	// password. It has not seen our own proof, so it counts no failed login, and another
	// attempt can lock no user out.
	ErrUnproven = fmt.Errorf("%w: wrong password", ErrCredentials)
)

// CompletionError is the completion code of a command that the BMC understood and did not carry out.
type CompletionError byte

// The completion codes that callers tell apart (table 5-2).
const (
	InvalidCommand        CompletionError = 0xc1
	OutOfRange            CompletionError = 0xc9
	InvalidField          CompletionError = 0xcc
	NotInPresentState     CompletionError = 0xd5
	ParameterNotThere     CompletionError = 0x80 // of the boot options (table 28-12)
	InsufficientPrivilege CompletionError = 0xd4
	Unspecified           CompletionError = 0xff
)

var completions = map[CompletionError]string{
	0xc0: "node busy", InvalidCommand: "invalid command", 0xc2: "invalid command for this LUN", 0xc3: "timeout",
	0xc4: "out of space", 0xc7: "request data length invalid", 0xc8: "request data too long", OutOfRange: "parameter out of range",
	0xcb: "not present", InvalidField: "invalid data field", 0xce: "response could not be provided", 0xd1: "in firmware update mode",
	0xd2: "BMC initialization in progress", 0xd3: "destination unavailable", InsufficientPrivilege: "insufficient privilege level",
	NotInPresentState: "not supported in present state", 0xd6: "disabled", ParameterNotThere: "parameter not supported",
	0x81: "setting already in progress", 0x82: "parameter is read-only", Unspecified: "unspecified error",
}

// Error names the code.
func (e CompletionError) Error() string {
	if words, ok := completions[e]; ok {
		return fmt.Sprintf("completion code %#02x: %s", byte(e), words)
	}
	return fmt.Sprintf("completion code %#02x", byte(e))
}

// Is makes the codes that pass with time ErrBusy.
func (e CompletionError) Is(kind error) bool {
	switch e {
	case 0xc0, 0xc3, 0xc4, 0xce, 0xd1, 0xd2:
		return kind == ErrBusy
	case InsufficientPrivilege:
		return kind == ErrLevel
	}
	return false
}

// status is an RMCP+ status code of session setup (table 13-15).
type status byte

var statuses = map[status]struct {
	kind  error
	words string
}{
	0x01: {ErrBusy, "no free session"},
	0x02: {ErrProtocol, "invalid session ID"},
	0x03: {ErrProtocol, "invalid payload type"},
	0x04: {ErrSuite, "invalid authentication algorithm"},
	0x05: {ErrSuite, "invalid integrity algorithm"},
	0x06: {ErrSuite, "no matching authentication payload"},
	0x07: {ErrSuite, "no matching integrity payload"},
	0x08: {ErrProtocol, "inactive session ID"},
	0x09: {ErrLevel, "not known"},
	0x0a: {ErrLevel, "not allowed"},
	0x0b: {ErrBusy, "no free session at this privilege level"},
	0x0c: {ErrCredentials, "user name too long"},
	0x0d: {ErrCredentials, "user name not known"},
	0x0e: {ErrProtocol, "GUID not known"},
	0x0f: {ErrCredentials, "wrong password or Kg key"},
	0x10: {ErrSuite, "invalid confidentiality algorithm"},
	0x11: {ErrSuite, "no matching cipher suite"},
	0x12: {ErrSuite, "illegal parameter"},
}

func (s status) err() error {
	if s == 0 {
		return nil
	}
	if known, ok := statuses[s]; ok {
		return fmt.Errorf("%w: %s", known.kind, known.words)
	}
	return fmt.Errorf("%w: RMCP+ status %#02x", ErrProtocol, byte(s))
}
