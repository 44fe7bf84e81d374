package iscsi_test

import (
	"bytes"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
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
