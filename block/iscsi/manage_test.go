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
	return send(t, i, iscsi.TaskRequest{Function: f, RefTag: tag})
}

// send numbers a task management request and sends it.
func send(t *testing.T, i *initiatortest.Initiator, m iscsi.TaskRequest) (itt uint32) {
	t.Helper()
	m.RequestFields = i.Fields(true)
	if err := i.Send(m, nil); err != nil {
		t.Fatal(err)
	}
	return m.ITT
}

// managed waits for the answer to one.
func managed(t *testing.T, i *initiatortest.Initiator, itt uint32, want iscsi.TaskResult) {
	t.Helper()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpTaskResponse || p.Header.ITT() != itt ||
		initiatortest.Decode[iscsi.TaskResponse](p).Response != want {
		t.Fatalf("answer to task management %#x = %v, %v, want response %d", itt, p, err, want)
	}
}

// silent fails if anything arrives before the answer to a ping.
func silent(t *testing.T, i *initiatortest.Initiator) {
	t.Helper()
	if err := i.Send(i.Ping(iscsi.NoTag), nil); err != nil {
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
	return h.ITT
}

// Task management is answered after the commands it ended have finished, and those are
// never answered.
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

// Resets and CLEAR TASK SET end the commands of other initiators too, which get a unit
// attention with their next command.
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
		response iscsi.TaskResult
	}{"no such task": {iscsi.AbortTask, 1}, "clear ACA": {3, 5}, "reassign": {8, 4}, "unknown": {77, 5}} {
		t.Run(name, func(t *testing.T) { managed(t, i, manage(t, i, tt.f, 0xabcd), tt.response) })
	}
	for _, f := range []iscsi.Function{iscsi.AbortTaskSet, iscsi.ClearTaskSet, iscsi.ResetLUN} {
		managed(t, i, send(t, i, iscsi.TaskRequest{Function: f, LUN: 7 << 48}), iscsi.LUNDoesNotExist)
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
		r2t := receiveR2T(t, i)
		managed(t, i, manage(t, i, iscsi.AbortTask, h.ITT), 0)
		if late {
			if err := i.Send(i.DataOut(r2t, 0, 0), bytes.Repeat([]byte{1}, 2048)); err != nil {
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
	for _, attribute := range []iscsi.Attribute{iscsi.Ordered, iscsi.Simple, iscsi.HeadOfQueue} {
		h := i.Command(make([]byte, 6), 0, 0)
		h.Attribute = attribute
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		tags = append(tags, h.ITT)
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

// Tasks of a unit are found under both of its addresses: flat space addressing and
// peripheral device addressing.
func TestTaskManagementByAnotherName(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	disk.gate.Lock()
	h := i.Command([]byte{0x35, 9: 0}, 0, 0)
	h.LUN = 0x40 << 56
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

// The number of waiting requests is bounded.
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

// A rejected command leaves a gap in CmdSN. Aborting it fills the gap (RFC 7143 §7.11).
func TestAbortFillsTheGap(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	lost := unknownRequest(i, 0x1c, false) // no such request
	if err := i.Send(lost, nil); err != nil {
		t.Fatal(err)
	}
	var sent iscsi.NopOut // under another opcode
	sent.Decode(lost)
	p, err := i.Receive()
	if err != nil || !rejected(p, 5) || initiatortest.Decode[iscsi.Reject](p).ExpCmdSN != sent.CmdSN {
		t.Fatalf("%v, %v, want a Reject that leaves %d open", p, err, sent.CmdSN)
	}
	abort := iscsi.TaskRequest{Function: iscsi.AbortTask, RefTag: sent.ITT, RefCmdSN: sent.CmdSN}
	managed(t, i, send(t, i, abort), iscsi.FunctionComplete)
	if _, err := i.Read(0, 512); err != nil {
		t.Errorf("the session goes on: %v", err)
	}
	managed(t, i, send(t, i, abort), iscsi.TaskDoesNotExist) // its number has passed
}
