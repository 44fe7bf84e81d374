package iscsi_test

import (
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// Requests outside the window are ignored without an answer.
func TestWindow(t *testing.T) {
	i := serve(t, newRAM(1<<20), func(s *server) { s.target.Limits.QueueDepth = 8 }).login(initiatortest.Options{})
	if got := i.MaxCmdSN - i.ExpCmdSN + 1; got != 8 {
		t.Errorf("window of %d commands, want 8", got)
	}
	for _, sn := range []uint32{i.MaxCmdSN + 1, i.ExpCmdSN - 1, i.ExpCmdSN + 1<<31} {
		h := i.Command(make([]byte, 6), 0, 0)
		i.CmdSN--
		h.CmdSN = sn
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.Read(0, 512); err != nil { // its answer is the first that comes
		t.Error(err)
	}
}

// CmdSN wraps.
func TestCmdSNWraps(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i, err := s.dial(initiatortest.Options{CmdSN: 0xfffffff0})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	for range 40 {
		if _, err := i.Do(make([]byte, 6), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if i.CmdSN != 24 {
		t.Errorf("CmdSN %#x after 40 commands", i.CmdSN)
	}
}

// Immediate commands bypass the window: they have a limit of their own and do not use up
// the window.
func TestImmediateCommandsAreBounded(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, func(s *server) { s.target.Limits.QueueDepth = 4 }).login(initiatortest.Options{})
	disk.gate.Lock()
	var answers int
	urgent := func() iscsi.SCSICommand {
		h := i.Command([]byte{0x35, 9: 0}, 0, 0)
		h.Immediate = true
		i.CmdSN--
		return h
	}
	for range 8 {
		if err := i.Send(urgent(), nil); err != nil {
			t.Fatal(err)
		}
		answers++
	}
	if err := i.Send(urgent(), nil); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || !rejected(p, 6) {
		t.Fatalf("one immediate command too many = %v, %v, want a Reject with reason 6", p, err)
	}
	for range 4 { // what the window lets in
		if err := i.Send(i.Command([]byte{0x35, 9: 0}, 0, 0), nil); err != nil {
			t.Fatal(err)
		}
		answers++
	}
	silent(t, i)
	disk.gate.Unlock()
	for range answers {
		if r := receiveResponse(t, i); r.Status != 0 {
			t.Fatalf("%+v, want GOOD", r)
		}
	}
}
