package iscsi

import "fmt"

// LoginStatus is the status class and detail of a login response (RFC 7143 §11.13.5).
type LoginStatus uint16

// The statuses that we give.
const (
	loginOK            LoginStatus = 0x0000
	initiatorError     LoginStatus = 0x0200
	authFailure        LoginStatus = 0x0201
	forbidden          LoginStatus = 0x0202
	notFound           LoginStatus = 0x0203
	unsupportedVersion LoginStatus = 0x0205
	tooManyConnections LoginStatus = 0x0206
	missingParameter   LoginStatus = 0x0207
	badSessionType     LoginStatus = 0x0209
	noSuchSession      LoginStatus = 0x020a
	invalidDuringLogin LoginStatus = 0x020b
	targetError        LoginStatus = 0x0300
	serviceUnavailable LoginStatus = 0x0301
)

// loginError is the reason of a failed login, and the status that the initiator gets.
type loginError struct {
	status LoginStatus
	err    error
}

func (e *loginError) Error() string { return e.err.Error() }

func (e *loginError) Unwrap() error { return e.err }

func loginFailure(status LoginStatus, format string, args ...any) error {
	return &loginError{status, fmt.Errorf(format, args...)}
}

// String is the name of the status in RFC 7143.
func (s LoginStatus) String() string { return loginStatusNames[s] }

var loginStatusNames = map[LoginStatus]string{
	loginOK: "Success", initiatorError: "Initiator error", authFailure: "Authentication failure", forbidden: "Authorization failure",
	notFound: "Not found", unsupportedVersion: "Unsupported version", tooManyConnections: "Too many connections",
	missingParameter: "Missing parameter", badSessionType: "Session type not supported", noSuchSession: "Session does not exist",
	invalidDuringLogin: "Invalid during login", targetError: "Target error", serviceUnavailable: "Service unavailable",
}
