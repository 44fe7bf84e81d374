package rmcp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// setUp15 opens an IPMI 1.5 session with MD5 (section 13.14).
func (s *Session) setUp15(ctx context.Context, c Config, caps capabilities) error {
	if caps.auths&(1<<authMD5) == 0 {
		return fmt.Errorf("%w: the BMC does not offer MD5 for IPMI 1.5", ErrCredentials)
	}
	e := &old{auth: authMD5}
	copy(e.password[:], c.Password)
	challenge, err := s.challenge(ctx, e, c.Username)
	if err != nil {
		return fmt.Errorf("session challenge: %w", err)
	}
	s.envelope = e
	if err := s.activate(ctx, e, c.Level, challenge); err != nil {
		return fmt.Errorf("activate session: %w", err)
	}
	s.id = e.id
	if caps.status&unsealedMessages != 0 { // the BMC's administrator disabled it
		e.auth = authNone
	}
	return nil
}

// challenge asks for a temporary session ID and a challenge (section 22.16).
func (s *Session) challenge(ctx context.Context, e *old, username string) ([]byte, error) {
	var name [16]byte
	copy(name[:], username)
	data, err := s.Do(ctx, netFnApp, cmdChallenge, append([]byte{authMD5}, name[:]...)...)
	if code, refused := err.(CompletionError); refused && (code == 0x81 || code == 0x82) {
		return nil, fmt.Errorf("%w: user name not known", ErrCredentials)
	}
	if err != nil {
		return nil, err
	}
	if len(data) < 20 {
		return nil, ErrProtocol
	}
	e.id = binary.LittleEndian.Uint32(data)
	return data[4:20], nil
}

// activate makes the temporary session a real one (section 22.17). Most BMCs do not
// answer at all when the MD5 code is wrong.
func (s *Session) activate(ctx context.Context, e *old, level Level, challenge []byte) error {
	request := append([]byte{authMD5, byte(level)}, challenge...)
	data, err := s.Do(ctx, netFnApp, cmdActivate, append(request, random(4)...)...)
	code, refused := err.(CompletionError)
	switch {
	case refused && code >= 0x81 && code <= 0x83:
		return fmt.Errorf("%w: no free session", ErrBusy)
	case refused && code == 0x86:
		return ErrLevel
	case refused:
		return fmt.Errorf("%w: %w", ErrCredentials, code)
	case errors.Is(err, ErrNoAnswer):
		return fmt.Errorf("%w: wrong password?", ErrCredentials)
	case err != nil:
		return err
	case len(data) < 9:
		return ErrProtocol
	}
	e.id, e.sequence = binary.LittleEndian.Uint32(data[1:]), max(1, binary.LittleEndian.Uint32(data[5:]))
	return nil
}
