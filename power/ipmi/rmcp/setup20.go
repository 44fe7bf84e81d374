package rmcp

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// Commands of session setup (chapter 22).
const (
	cmdChannelAuth  = 0x38
	cmdChallenge    = 0x39
	cmdActivate     = 0x3a
	cmdSetPrivilege = 0x3b
	cmdCloseSession = 0x3c
)

const (
	thisChannel      = 0x0e // the one that carried the request
	extended         = 0x80 // ask for the IPMI 2.0 form of the capabilities
	unsealedMessages = 0x10 // of the capabilities' status: per-message authentication is disabled
	nameOnlyLookup   = 0x10 // of the role: look the user up by name alone, whatever the level
)

// capabilities are what a BMC supports, as reported before a session (table 22-15).
type capabilities struct {
	auths  byte // bit n: authentication type n of IPMI 1.5
	status byte
}

// capabilities asks outside of any session. It also shows, without a login, that a BMC
// is there. A BMC that does not know the command is assumed to support everything.
func (s *Session) capabilities(ctx context.Context, level Level) (capabilities, error) {
	s.envelope = &old{}
	data, err := s.Do(ctx, netFnApp, cmdChannelAuth, thisChannel|extended, byte(level))
	if _, refused := err.(CompletionError); refused {
		return capabilities{auths: 1 << authMD5}, nil
	}
	if err != nil {
		return capabilities{}, err
	}
	if len(data) < 3 {
		return capabilities{}, fmt.Errorf("%w: capabilities of %d bytes", ErrProtocol, len(data))
	}
	return capabilities{auths: data[1], status: data[2]}, nil
}

// setLevel raises the session from the level of a user, at which it begins.
func (s *Session) setLevel(ctx context.Context, level Level) error {
	_, err := s.Again(ctx, netFnApp, cmdSetPrivilege, byte(level))
	if code, refused := err.(CompletionError); refused {
		return fmt.Errorf("%w: %w", ErrLevel, code)
	}
	return err
}

// handshake is the state of both sides when a session has been set up, in the
// specification's names: M is the console, C the BMC (section 13.20 and on).
type handshake struct {
	suite      suite
	sidM, sidC []byte // session IDs, 4 bytes
	rM, rC     []byte // random numbers, 16 bytes
	guid       []byte // of the BMC, 16 bytes
	role       []byte // privilege level, length of the name, name: RoleM, ULengthM, UNameM
}

// The key exchange authentication codes and the integrity check value (section
// 13.31).

func (h *handshake) proofOfBMC(password []byte) []byte {
	return h.suite.hmac(password, h.sidM, h.sidC, h.rM, h.rC, h.guid, h.role)
}

func (h *handshake) proofOfConsole(password []byte) []byte {
	return h.suite.hmac(password, h.rC, h.sidM, h.role)
}

func (h *handshake) proofOfKeys(sik []byte) []byte {
	return h.suite.hmac(sik, h.rM, h.sidC, h.guid)[:h.suite.code]
}

// setUp20 opens an RMCP+ session: Open Session, RAKP messages 1 to 4.
func (s *Session) setUp20(ctx context.Context, c Config) error {
	suite, ok := suiteOf(c.Suite)
	if !ok {
		return fmt.Errorf("%w: this program speaks %d", ErrSuite, Suites())
	}
	s.envelope = bare{}
	h := handshake{suite: suite, sidM: random(4), rM: random(16),
		role: append([]byte{byte(c.Level) | nameOnlyLookup, byte(len(c.Username))}, c.Username...)}
	if err := s.openSession(ctx, &h); err != nil {
		return err
	}
	if err := s.exchangeRandoms(ctx, &h, []byte(c.Password)); err != nil {
		return err
	}
	sik := h.sik(c)
	if err := s.proveKeys(ctx, &h, []byte(c.Password), sik); err != nil {
		return err
	}
	e, err := h.envelope(sik)
	if err != nil {
		return err
	}
	s.id, s.envelope = e.remote, e
	return nil
}

// envelope is that of the session which the handshake has led to.
func (h *handshake) envelope(sik []byte) (*sealed, error) {
	block, err := aes.NewCipher(h.suite.derive(sik, 2)[:16])
	if err != nil {
		return nil, err
	}
	return &sealed{suite: h.suite, k1: h.suite.derive(sik, 1), aes: block,
		local: binary.LittleEndian.Uint32(h.sidM), remote: binary.LittleEndian.Uint32(h.sidC)}, nil
}

// random returns n random bytes, of which the first is not zero.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	b[0] |= 1
	return b
}

// step sends one message of session setup and returns the answer, which has the
// next payload type and begins with tag, status, two reserved bytes and our session
// ID. A status other than success is an error, even in an answer that is too short
// for the rest, as some BMCs send it. Some answer with the tag 0 to any message; then our
// session ID decides.
func (s *Session) step(ctx context.Context, kind payload, h *handshake, body []byte, length int) ([]byte, error) {
	s.tag++
	body[0] = s.tag
	var answer []byte
	err := s.ask(ctx, kind, body, func(got payload, b []byte) bool {
		ours := len(b) >= 8 && bytes.Equal(b[4:8], h.sidM)
		if got != kind+1 || len(b) < 2 || len(b) >= 8 && !ours || b[0] != s.tag && !(b[0] == 0 && ours) {
			return false
		}
		answer = append([]byte(nil), b...)
		return true
	})
	if err != nil {
		return nil, err
	}
	if err := status(answer[1]).err(); err != nil {
		return nil, err
	}
	if len(answer) < length {
		return nil, fmt.Errorf("%w: %d bytes where %d are due", ErrProtocol, len(answer), length)
	}
	return answer, nil
}

func (s *Session) openSession(ctx context.Context, h *handshake) error {
	body := append([]byte{0, 0, 0, 0}, h.sidM...) // level 0: the highest that the suite allows
	for kind, algorithm := range []byte{h.suite.auth, h.suite.integrity, h.suite.conf} {
		body = append(body, byte(kind), 0, 0, 8, algorithm, 0, 0, 0)
	}
	b, err := s.step(ctx, openSessionRequest, h, body, 36)
	if errors.Is(err, ErrNoAnswer) && ctx.Err() == nil {
		return fmt.Errorf("open session: %w: no answer, though there is a BMC", ErrSuite)
	}
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	if b[16]&0x3f != h.suite.auth || b[24]&0x3f != h.suite.integrity || b[32]&0x3f != h.suite.conf {
		return fmt.Errorf("open session: %w: the BMC chose another", ErrSuite)
	}
	h.sidC = b[8:12]
	return nil
}

// exchangeRandoms is RAKP messages 1 and 2: the BMC proves that it knows the
// user's password.
func (s *Session) exchangeRandoms(ctx context.Context, h *handshake, password []byte) error {
	body := bytes.Join([][]byte{{0, 0, 0, 0}, h.sidC, h.rM, {h.role[0], 0, 0}, h.role[1:]}, nil)
	full := h.suite.hash().Size()
	b, err := s.step(ctx, rakp1, h, body, 40+full)
	if err != nil {
		return fmt.Errorf("RAKP 2: %w", err)
	}
	h.rC, h.guid = b[8:24], b[24:40]
	if !hmac.Equal(b[40:40+full], h.proofOfBMC(password)) {
		return fmt.Errorf("RAKP 2: %w", ErrUnproven)
	}
	return nil
}

// sik is the session integrity key (section 13.31).
func (h *handshake) sik(c Config) []byte {
	key := c.KG
	if len(key) == 0 {
		key = []byte(c.Password)
	}
	return h.suite.hmac(key, h.rM, h.rC, h.role)
}

// proveKeys is RAKP messages 3 and 4: we prove that we know the password, and the
// BMC proves that it has derived the same keys.
func (s *Session) proveKeys(ctx context.Context, h *handshake, password, sik []byte) error {
	body := bytes.Join([][]byte{{0, 0, 0, 0}, h.sidC, h.proofOfConsole(password)}, nil)
	b, err := s.step(ctx, rakp3, h, body, 8+h.suite.code)
	if err == nil && !hmac.Equal(b[8:8+h.suite.code], h.proofOfKeys(sik)) {
		err = fmt.Errorf("%w: wrong Kg key", ErrCredentials)
	}
	if errors.Is(err, ErrCredentials) && s.repeated {
		// A BMC that got RAKP message 1 twice may have chosen two random numbers,
		// of which we know one. That proves nothing about the password.
		err = fmt.Errorf("%w: %s", ErrProtocol, err)
	}
	if err != nil {
		return fmt.Errorf("RAKP 4: %w", err)
	}
	return nil
}
