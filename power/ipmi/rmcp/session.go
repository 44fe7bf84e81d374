package rmcp

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// Config is the address of a BMC and the user to log in as.
type Config struct {
	Address  string // host:port, UDP
	Username string // at most 16 bytes; "" is the null user
	Password string // at most 20 bytes, 16 with IPMI 1.5
	KG       []byte // the BMC's own key, at most 20 bytes; nil where it has none
	Level    Level  // to work at
	Suite    byte   // cipher suite, one of Suites; 0 is IPMI 1.5

	// Waits is how long to wait for an answer before each repetition, and after
	// the last. nil is 1, 2 and 3 seconds. They grow where the BMC turns out to be slow.
	Waits []time.Duration
	// Alive is the time between two signs of life that a [Console] asks for; 0 is 20 seconds.
	// BMCs end a session that is quiet for a minute.
	Alive time.Duration
}

// Level is a privilege level (table 22-19).
type Level byte

// The privilege levels.
const (
	Callback      Level = 1
	User          Level = 2
	Operator      Level = 3
	Administrator Level = 4
)

// Session is an open session with a BMC. It is for one goroutine at a time.
type Session struct {
	conn     net.Conn
	envelope envelope
	waits    []time.Duration
	alive    time.Duration
	seq      byte   // of the last request, 6 bits
	id       uint32 // the BMC's name for the session, 0 before there is one
	tag      byte   // of the last session setup message
	repeated bool   // something had to be sent again
}

// Dial opens a session. Its errors wrap ErrNoAnswer, ErrCredentials, ErrLevel,
// ErrSuite, ErrBusy or ErrProtocol, when ctx ends its error too, and never hold a
// password.
func Dial(ctx context.Context, c Config) (*Session, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	s := &Session{conn: conn, waits: c.Waits, alive: cmp.Or(c.Alive, 20*time.Second)}
	if s.waits == nil {
		s.waits = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	}
	if err := s.setUp(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Session) setUp(ctx context.Context, c Config) error {
	caps, err := s.capabilities(ctx, c.Level)
	if err != nil {
		return err
	}
	if c.Suite == 0 {
		err = s.setUp15(ctx, c, caps)
	} else {
		err = s.setUp20(ctx, c)
	}
	if err != nil {
		return err
	}
	return s.setLevel(ctx, c.Level)
}

// Close gives the session back to the BMC, which has few of them, and closes the
// socket. It takes a second at most, also when ctx has ended.
func (s *Session) Close(ctx context.Context) error {
	if s.id != 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// An error leaves the session to the BMC's inactivity timeout of a minute.
		_, _ = s.Do(ctx, netFnApp, cmdCloseSession, binary.LittleEndian.AppendUint32(nil, s.id)...)
		s.id = 0
	}
	return s.conn.Close()
}

// Do sends a command and returns the data of the response. A completion code other
// than success is a CompletionError.
func (s *Session) Do(ctx context.Context, netFn, cmd byte, data ...byte) ([]byte, error) {
	s.seq = (s.seq + 1) & 0x3f
	request := appendRequest(nil, netFn, cmd, s.seq, data)
	var got reply
	err := s.ask(ctx, ipmiMessage, request, func(kind payload, body []byte) bool {
		r, err := parseReply(body)
		if kind != ipmiMessage || err != nil || r.netFn != netFn|1 || r.cmd != cmd || r.seq != s.seq {
			return false
		}
		got = r
		return true
	})
	if err != nil {
		return nil, err
	}
	if got.code != 0 {
		return nil, CompletionError(got.code)
	}
	return append([]byte(nil), got.data...), nil
}

// hiccup is the pause after an unspecified error of a BMC.
const hiccup = 250 * time.Millisecond

// Again is Do for a command that is safe to repeat: it is repeated once when the BMC
// answers "unspecified error" (0xff), which BMCs sometimes do for no reason.
func (s *Session) Again(ctx context.Context, netFn, cmd byte, data ...byte) ([]byte, error) {
	answer, err := s.Do(ctx, netFn, cmd, data...)
	if err != Unspecified {
		return answer, err
	}
	t := time.NewTimer(hiccup)
	defer t.Stop()
	select {
	case <-t.C:
		return s.Do(ctx, netFn, cmd, data...)
	case <-ctx.Done():
		return nil, noAnswer(ctx, err)
	}
}

// ask sends a request until accept takes an answer to it.
func (s *Session) ask(ctx context.Context, kind payload, body []byte, accept func(payload, []byte) bool) error {
	stop := context.AfterFunc(ctx, func() { s.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for i, wait := range s.waits {
		s.repeated = s.repeated || i > 0
		if _, err := s.conn.Write(s.envelope.seal(kind, body)); err != nil {
			return noAnswer(ctx, err)
		}
		if err := s.await(ctx, wait, accept); err != errSilence {
			if err == nil && i > 0 {
				s.slowDown()
			}
			return err
		}
	}
	return ErrNoAnswer
}

// longestWait is how long a slow BMC is waited for before a request is sent again.
const longestWait = 8 * time.Second

// slowDown doubles the waits: the BMC answers, but late. It answers each repetition, too, one after the other, so that
// repeating makes it later from request to request, until it seems dead.
func (s *Session) slowDown() {
	if s.waits[0] >= longestWait {
		return
	}
	longer := make([]time.Duration, len(s.waits))
	for i, wait := range s.waits {
		longer[i] = 2 * wait
	}
	s.waits = longer
}

// errSilence says that the time for an answer is over.
var errSilence = errors.New("silence")

// await reads until accept takes a packet or the time is over.
func (s *Session) await(ctx context.Context, wait time.Duration, accept func(payload, []byte) bool) error {
	if err := s.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	buf := make([]byte, 1500)
	for {
		if ctx.Err() != nil { // after the deadline was set: AfterFunc may have come before
			return noAnswer(ctx, nil)
		}
		n, err := s.conn.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
			return errSilence
		}
		if err != nil {
			return noAnswer(ctx, err)
		}
		if kind, body, err := s.envelope.open(buf[:n]); err == nil && accept(kind, body) {
			return nil
		}
	}
}

// noAnswer makes ErrNoAnswer of the error that ended the wait: that of ctx, or one of the
// network, such as a closed port.
func noAnswer(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	case err == nil:
		return ErrNoAnswer
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, err)
}
