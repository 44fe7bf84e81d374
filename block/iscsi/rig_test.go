package iscsi_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/block/scsi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	initiatorName = "iqn.2026-11.test:host"
	targetName    = "iqn.2026-11.test:disk"
)

// server is a target that serves one device on a port of its own.
type server struct {
	t      testing.TB
	addr   string
	target *iscsi.Target
	grant  block.Grant
	stop   context.CancelFunc
	done   chan error

	mu     sync.Mutex
	events []iscsi.Event
	heard  chan iscsi.Event
}

// serve starts a target after change, which may be nil, has altered it.
func serve(t testing.TB, disk scsi.Disk, change func(*server)) *server {
	t.Helper()
	s := &server{t: t, done: make(chan error, 1), heard: make(chan iscsi.Event, 10000)}
	s.grant = block.Grant{Device: newDevice(t, disk)}
	s.target = &iscsi.Target{
		Lookup: func(_ context.Context, _, target string) (block.Grant, error) {
			if target != targetName {
				return block.Grant{}, fmt.Errorf("%s: %w", target, block.ErrNoTarget)
			}
			return s.grant, nil
		},
		Discover: func(context.Context, string) ([]string, error) { return []string{targetName}, nil },
		Observe: func(e iscsi.Event) {
			s.mu.Lock()
			s.events = append(s.events, e)
			s.mu.Unlock()
			s.heard <- e
		},
		Limits: iscsi.Limits{Drain: 100 * time.Millisecond},
	}
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() { s.done <- s.target.Serve(ctx, l) }()
	t.Cleanup(s.close)
	return s
}

// close stops the target and waits for its end. It may be called twice.
func (s *server) close() {
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("Serve: %v", err)
		}
		s.done <- nil
	case <-time.After(time.Minute):
		s.t.Error("Serve does not end")
	}
}

// dial logs in, with a minute for the whole test.
func (s *server) dial(o initiatortest.Options) (*initiatortest.Initiator, error) {
	ctx, cancel := initiatortest.Patience(context.Background())
	s.t.Cleanup(cancel)
	if o.Name == "" {
		o.Name = initiatorName
	}
	if o.Target == "" {
		o.Target = targetName
	}
	return initiatortest.Dial(ctx, s.addr, o)
}

// login logs in and clears the unit attentions.
func (s *server) login(o initiatortest.Options) *initiatortest.Initiator {
	s.t.Helper()
	i, err := s.dial(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { i.Close() })
	if err := i.Settle(); err != nil {
		s.t.Fatal(err)
	}
	return i
}

// event waits for one of that kind.
func (s *server) event(kind iscsi.EventKind) iscsi.Event {
	s.t.Helper()
	for {
		select {
		case e := <-s.heard:
			if e.Kind == kind {
				return e
			}
		case <-time.After(30 * time.Second):
			s.t.Fatalf("no event %s", kind)
		}
	}
}

func keys(text string) (pairs []iscsi.Pair) {
	for item := range strings.FieldsSeq(text) {
		k, v, _ := strings.Cut(item, "=")
		pairs = append(pairs, iscsi.Pair{Key: k, Value: v})
	}
	return pairs
}
