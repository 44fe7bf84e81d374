package iscsi

import "fmt"

// Status classes and details of a login response (RFC 7143 §11.13.5).
type loginStatus uint16

const (
	loginOK            loginStatus = 0x0000
	initiatorError     loginStatus = 0x0200
	authFailure        loginStatus = 0x0201
	forbidden          loginStatus = 0x0202
	notFound           loginStatus = 0x0203
	unsupportedVersion loginStatus = 0x0205
	tooManyConnections loginStatus = 0x0206
	missingParameter   loginStatus = 0x0207
	badSessionType     loginStatus = 0x0209
	noSuchSession      loginStatus = 0x020a
	invalidDuringLogin loginStatus = 0x020b
	targetError        loginStatus = 0x0300
	serviceUnavailable loginStatus = 0x0301
)

// loginError is why a login failed, and what the initiator is told of it.
type loginError struct {
	status loginStatus
	err    error
}

func (e *loginError) Error() string { return e.err.Error() }

func (e *loginError) Unwrap() error { return e.err }

func loginFailure(status loginStatus, format string, args ...any) error {
	return &loginError{status, fmt.Errorf(format, args...)}
}
