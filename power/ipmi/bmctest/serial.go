package bmctest

import (
	"context"
	"sync"

	"github.com/bougou/go-ipmi/pkg/hal"
)

// Serial is the serial line of a machine. It is safe for concurrent use.
type Serial struct {
	mu     sync.Mutex
	rx, tx []byte
	breaks int
	echo   bool
}

// Say has the machine write a text.
func (s *Serial) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rx = append(s.rx, text...)
}

// Echo has the machine write what is typed, as most do.
func (s *Serial) Echo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.echo = true
}

// Typed is all that was typed, and how often the line was held low.
func (s *Serial) Typed() (text string, breaks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.tx), s.breaks
}

// Open implements [hal.ConsoleHAL].
func (s *Serial) Open(context.Context) (hal.ConsoleConn, error) { return s, nil }

// ReadAvailable implements [hal.ConsoleConn].
func (s *Serial) ReadAvailable(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(p, s.rx)
	s.rx = s.rx[n:]
	return n, nil
}

// Write implements [hal.ConsoleConn].
func (s *Serial) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tx = append(s.tx, p...)
	if s.echo {
		s.rx = append(s.rx, p...)
	}
	return len(p), nil
}

// SendBreak implements [hal.ConsoleConn].
func (s *Serial) SendBreak(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaks++
	return nil
}

// Close implements [hal.ConsoleConn].
func (s *Serial) Close() error { return nil }
