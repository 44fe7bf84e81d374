package iscsi_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"ironhook/storage/iscsi"
	"ironhook/storage/iscsi/initiatortest"
)

// manage sends a task management request.
func manage(t *testing.T, i *initiatortest.Initiator, f iscsi.Function, tag uint32) uint32 {
	t.Helper()
	h := i.Request(iscsi.OpTaskRequest, true)
	h[1] |= byte(f)
	h.PutUint32(iscsi.OffRefTag, tag)
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	return h.ITT()
}

// managed waits for the answer to one.
func managed(t *testing.T, i *initiatortest.Initiator, itt uint32, want byte) {
	t.Helper()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpTaskResponse || p.Header.ITT() != itt || p.Header[2] != want {
		t.Fatalf("answer to task management %#x = %v, %v, want response %d", itt, p, err, want)
	}
}

// silent fails if anything arrives before a ping's answer does: the target has nothing
// else to say.
func silent(t *testing.T, i *initiatortest.Initiator) {
	t.Helper()
	h := i.Request(iscsi.OpNopOut, true)
	h.PutUint32(iscsi.OffTTT, iscsi.NoTag)
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpNopIn {
		t.Fatalf("received %v, %v, want nothing but the answer to a ping", p, err)
	}
}

// flush begins a flush that waits at the disk's gate.
func flush(t *testing.T, i *initiatortest.Initiator, d *ram) (tag uint32) {
	t.Helper()
	h := i.Command([]byte{0x35, 9: 0}, 0, 0)
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	<-d.entered
	return h.ITT()
}

// Task management is answered when what it ended has come to rest, and what it ended is
// not answered at all.
func TestTaskManagementWaits(t *testing.T) {
	for name, f := range map[string]iscsi.Function{
		"abort task": iscsi.AbortTask, "abort task set": iscsi.AbortTaskSet, "clear task set": iscsi.ClearTaskSet,
		"reset LUN": iscsi.ResetLUN, "warm reset": iscsi.WarmReset,
	} {
		t.Run(name, func(t *testing.T) {
			disk := newRAM(1 << 20)
			i := serve(t, disk, nil).login(initiatortest.Options{})
			disk.gate.Lock()
			itt := manage(t, i, f, flush(t, i, disk))
			silent(t, i)
			disk.gate.Unlock()
			managed(t, i, itt, 0)
			silent(t, i)
			if err := i.Settle(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Resets and CLEAR TASK SET end the commands of other initiators too, and these are
// told with their next command.
func TestTaskManagementOfOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		f    iscsi.Function
		code [2]byte // additional sense of the unit attention
	}{
		"clear task set": {iscsi.ClearTaskSet, [2]byte{0x2f, 0}},
		"reset LUN":      {iscsi.ResetLUN, [2]byte{0x29, 3}},
		"warm reset":     {iscsi.WarmReset, [2]byte{0x29, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			disk := newRAM(1 << 20)
			s := serve(t, disk, nil)
			a, b := s.login(initiatortest.Options{}), s.login(initiatortest.Options{Name: initiatorName + "-2"})
			disk.gate.Lock()
			flush(t, b, disk)
			itt := manage(t, a, tt.f, 0)
			silent(t, a)
			disk.gate.Unlock()
			managed(t, a, itt, 0)
			r, err := b.Do(make([]byte, 6), nil, 0)
			if err != nil || r.Status != 2 || !bytes.Equal(r.Sense[12:14], tt.code[:]) {
				t.Errorf("next command of the other = %+v, %v, want unit attention %x", r, err, tt.code)
			}
		})
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

func TestTaskManagementRefused(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for name, tt := range map[string]struct {
		f        iscsi.Function
		response byte
	}{"no such task": {iscsi.AbortTask, 1}, "clear ACA": {3, 5}, "reassign": {8, 4}, "unknown": {77, 5}} {
		t.Run(name, func(t *testing.T) { managed(t, i, manage(t, i, tt.f, 0xabcd), tt.response) })
	}
	for _, f := range []iscsi.Function{iscsi.AbortTaskSet, iscsi.ClearTaskSet, iscsi.ResetLUN} {
		h := i.Request(iscsi.OpTaskRequest, true)
		h[1] |= byte(f)
		h[9] = 7 // LUN 7
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		managed(t, i, h.ITT(), 2)
	}
}

// A write that waits for its data is ended at once. The data may come all the same, or
// not: open-iscsi by default does not send it.
func TestAbortWhileGathering(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	for _, late := range []bool{true, false} {
		h := i.Command([]byte{0x2a, 8: 4, 9: 0}, iscsi.FlagWrite, 2048)
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpR2T {
			t.Fatalf("%v, %v, want an R2T", p, err)
		}
		managed(t, i, manage(t, i, iscsi.AbortTask, h.ITT()), 0)
		if late {
			if err := i.Send(i.DataOut(p.Header, 0, 0), bytes.Repeat([]byte{1}, 2048)); err != nil {
				t.Fatal(err)
			}
		}
		silent(t, i)
	}
	if data, _ := disk.snapshot(); bytes.Contains(data, []byte{1}) {
		t.Error("data of an aborted write is on the disk")
	}
}

// An ORDERED command waits for those before it and holds up those after it; HEAD OF
// QUEUE passes.
func TestTaskAttributes(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	first := flush(t, i, disk)
	var tags []uint32
	for _, attribute := range []byte{2, 1, 3} { // ORDERED, SIMPLE, HEAD OF QUEUE
		h := i.Command(make([]byte, 6), 0, 0)
		h[1] |= attribute
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		tags = append(tags, h.ITT())
	}
	receive := func(want uint32) {
		t.Helper()
		if p, err := i.Receive(); err != nil || p.Header.ITT() != want {
			t.Fatalf("received %v, %v, want an answer to %#x", p, err, want)
		}
	}
	receive(tags[2])
	silent(t, i)
	disk.gate.Unlock()
	for _, tag := range []uint32{first, tags[0], tags[1]} {
		receive(tag)
	}
}

// The same initiator port logs in again, as a machine does that lost power: its old
// session goes first, with all that it still writes.
func TestReinstatement(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
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
	default:
	}
	disk.gate.Unlock()
	if err := <-in; err != nil {
		t.Error(err)
	}
	if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "logged in anew") {
		t.Errorf("old session closed because of %q", e.Reason)
	}
	// Another initiator with the same ISID is somebody else: iPXE's is a constant.
	other := s.login(initiatortest.Options{Name: initiatorName + "-2"})
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
	default:
	}
	disk.gate.Unlock()
	<-ended
	if _, syncs := disk.snapshot(); syncs != 1 || len(s.target.Sessions()) != 0 {
		t.Errorf("%d flushes and %d sessions after End, want 1 and 0", syncs, len(s.target.Sessions()))
	}
	s.target.End("iqn.2026-11.test:other") // nobody there
}

// A logout is answered when what was in flight has come to rest.
func TestLogoutWaits(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	flush(t, i, disk)
	if err := i.Send(i.Request(iscsi.OpLogout, true), nil); err != nil {
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

// A target that stops asks its initiators to log out, so that they know to come back,
// and leaves nothing behind.
func TestShutdown(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, func(s *server) { s.target.Limits.Drain = 5 * time.Second })
	i := s.login(initiatortest.Options{})
	s.stop()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpAsync || p.Header[36] != 1 || p.Header.Uint16(42) != 5 {
		t.Fatalf("at the end comes %v, %v, want a request to log out within 5 s", p, err)
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

// However a unit is named, its tasks are found: flat space addressing and peripheral
// device addressing have two names for one.
func TestTaskManagementByAnotherName(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	h := i.Command([]byte{0x35, 9: 0}, 0, 0)
	h[8] = 0x40
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	<-disk.entered
	itt := manage(t, i, iscsi.ResetLUN, 0)
	silent(t, i)
	disk.gate.Unlock()
	managed(t, i, itt, 0)
	silent(t, i)
}

// Requests that wait are counted: an initiator cannot have us remember any number.
func TestTaskManagementIsBounded(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	flush(t, i, disk)
	var waiting []uint32
	for range 16 {
		waiting = append(waiting, manage(t, i, iscsi.AbortTaskSet, 0))
	}
	managed(t, i, manage(t, i, iscsi.AbortTaskSet, 0), 255)
	managed(t, i, manage(t, i, iscsi.ResetLUN, 0), 255)
	disk.gate.Unlock()
	for _, itt := range waiting {
		managed(t, i, itt, 0)
	}
	managed(t, i, manage(t, i, iscsi.AbortTaskSet, 0), 0)
}

// A command that was rejected left its number open. Aborting it fills the place (RFC
// 7143 §7.11).
func TestAbortFillsTheGap(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	lost := i.Request(0x1c, false) // no such request
	if err := i.Send(lost, nil); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpReject || p.Header.Uint32(iscsi.OffExpCmd) != lost.Uint32(iscsi.OffCmdSN) {
		t.Fatalf("%v, %v, want a Reject that leaves %d open", p, err, lost.Uint32(iscsi.OffCmdSN))
	}
	h := i.Request(iscsi.OpTaskRequest, true)
	h[1] |= byte(iscsi.AbortTask)
	h.PutUint32(iscsi.OffRefTag, lost.ITT())
	h.PutUint32(iscsi.OffRefCmd, lost.Uint32(iscsi.OffCmdSN))
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	managed(t, i, h.ITT(), 0)
	if _, err := i.Read(0, 512); err != nil {
		t.Errorf("the session goes on: %v", err)
	}
	h = i.Request(iscsi.OpTaskRequest, true) // now it lies behind us
	h[1] |= byte(iscsi.AbortTask)
	h.PutUint32(iscsi.OffRefTag, lost.ITT())
	h.PutUint32(iscsi.OffRefCmd, lost.Uint32(iscsi.OffCmdSN))
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	managed(t, i, h.ITT(), 1)
}

// A logout that cannot be is answered, and the session goes on.
func TestLogoutRefused(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for name, tt := range map[string]struct {
		reason, cid byte
		op          iscsi.Opcode
		response    byte
	}{
		"another connection": {1, 7, iscsi.OpLogoutResponse, 1},
		"for recovery":       {2, 0, iscsi.OpLogoutResponse, 2},
		"no such reason":     {9, 0, iscsi.OpReject, 9},
	} {
		h := i.Request(iscsi.OpLogout, true)
		h[1] |= tt.reason
		h[21] = tt.cid
		if err := i.Send(h, nil); err != nil {
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
