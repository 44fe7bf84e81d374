package iscsi_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// The same initiator port logs in again, as after a power failure: its old session ends
// first, including its writes in flight.
func TestReinstatement(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	// The initiator's name is part of a session's identity: every iPXE has the same ISID.
	other := s.login(initiatortest.Options{Name: initiatorName + "-2"})
	old := s.login(initiatortest.Options{})
	disk.gate.Lock()
	flush(t, old, disk)
	in := make(chan error, 1)
	go func() {
		i, err := s.dial(initiatortest.Options{})
		if err == nil {
			err = i.Settle()
			i.Close()
		}
		in <- err
	}()
	if p, err := old.Receive(); err == nil {
		t.Errorf("the old session goes on with %v", p)
	}
	select {
	case err := <-in:
		t.Errorf("the new session is in while the old one still writes: %v", err)
	case <-time.After(50 * time.Millisecond): // the absence of an answer can only be seen over time
	}
	disk.gate.Unlock()
	if err := <-in; err != nil {
		t.Error(err)
	}
	if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "logged in anew") {
		t.Errorf("old session closed because of %q", e.Reason)
	}
	s.login(initiatortest.Options{})
	if _, err := other.Read(0, 512); err != nil {
		t.Error(err)
	}
}

// End returns when nothing of the target's sessions is in flight any more.
func TestEnd(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	i := s.login(initiatortest.Options{})
	disk.gate.Lock()
	flush(t, i, disk)
	ended := make(chan struct{})
	go func() {
		s.target.End(strings.ToUpper(targetName))
		close(ended)
	}()
	if p, err := i.Receive(); err == nil {
		t.Errorf("the session goes on with %v", p)
	}
	select {
	case <-ended:
		t.Error("End returned before the flush did")
	case <-time.After(50 * time.Millisecond):
	}
	disk.gate.Unlock()
	<-ended
	if _, syncs := disk.snapshot(); syncs != 1 || len(s.target.Sessions()) != 0 {
		t.Errorf("%d flushes and %d sessions after End, want 1 and 0", syncs, len(s.target.Sessions()))
	}
	s.target.End("iqn.2026-11.test:other") // no such session
}

// A logout is answered after the commands in flight have finished.
func TestLogoutWaits(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	flush(t, i, disk)
	if err := i.Send(iscsi.LogoutRequest{RequestFields: i.Fields(true)}, nil); err != nil {
		t.Fatal(err)
	}
	i.Conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if p, err := i.Receive(); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("logout answered with %v, %v while a flush runs", p, err)
	}
	i.Conn.SetReadDeadline(time.Now().Add(time.Minute))
	disk.gate.Unlock()
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpLogoutResponse {
		t.Errorf("logout answered with %v, %v", p, err)
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// A logout that is refused is answered, and the session goes on.
func TestLogoutRefused(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for name, tt := range map[string]struct {
		reason   iscsi.LogoutReason
		cid      uint16
		op       iscsi.Opcode
		response byte // or the reason of a Reject: the same byte of the header
	}{
		"another connection": {iscsi.CloseConnection, 7, iscsi.OpLogoutResponse, 1},
		"for recovery":       {iscsi.RemoveForRecovery, 0, iscsi.OpLogoutResponse, 2},
		"no such reason":     {9, 0, iscsi.OpReject, 9},
	} {
		m := iscsi.LogoutRequest{RequestFields: i.Fields(true), Reason: tt.reason, CID: tt.cid}
		if err := i.Send(m, nil); err != nil {
			t.Fatal(err)
		}
		if p, err := i.Receive(); err != nil || p.Header.Opcode() != tt.op || p.Header[2] != tt.response {
			t.Errorf("%s: %v, %v, want %#02x with %d", name, p, err, byte(tt.op), tt.response)
		}
	}
	if _, err := i.Read(0, 512); err != nil {
		t.Error(err)
	}
}

// A target that stops asks its initiators to log out, so that they reconnect later, and
// leaves no goroutine behind.
func TestShutdown(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, func(s *server) { s.target.Limits.Drain = 5 * time.Second })
	i := s.login(initiatortest.Options{})
	s.stop()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpAsync {
		t.Fatalf("at the end comes %v, %v, want an asynchronous message", p, err)
	}
	if m := initiatortest.Decode[iscsi.Async](p); m.Event != iscsi.RequestLogout || m.Parameter3 != 5 {
		t.Fatalf("%+v, want a request to log out within 5 s", m)
	}
	if err := i.Write(0, make([]byte, 512)); err != nil {
		t.Errorf("write before logging out: %v", err)
	}
	if err := i.Logout(); err != nil {
		t.Error(err)
	}
	s.close()
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

func TestColdResetEndsSessions(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	a, b := s.login(initiatortest.Options{}), s.login(initiatortest.Options{Name: initiatorName + "-2"})
	managed(t, a, manage(t, a, iscsi.ColdReset, 0), 0)
	for _, i := range []*initiatortest.Initiator{a, b} {
		if p, err := i.Receive(); err == nil {
			t.Errorf("after a cold reset comes %v", p)
		}
	}
	s.login(initiatortest.Options{})
}
