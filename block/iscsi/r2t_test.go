package iscsi_test

import (
	"bytes"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// R2Ts solicit the data not yet sent, in order and without a gap, no more at once than
// negotiated, each with a tag of its own.
func TestR2Ts(t *testing.T) {
	const size, burst, most = 64 << 10, 4096, 3
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{Keys: keys("MaxBurstLength=4096 FirstBurstLength=2048 MaxOutstandingR2T=3 " +
		"InitialR2T=No")})
	data := bytes.Repeat([]byte("ironhook"), size/8)
	m := i.Command([]byte{0x2a, 8: size / 512, 9: 0}, iscsi.FlagWrite, size)
	m.Final = false
	if err := i.Send(m, data[:1024]); err != nil {
		t.Fatal(err)
	}
	if err := i.Send(i.Unsolicited(m.ITT, 0, 1024), data[1024:2048]); err != nil { // the rest of FirstBurstLength
		t.Fatal(err)
	}
	tags := map[uint32]bool{}
	var open []iscsi.R2T
	asked := 2048
	for answered := asked; answered < size; {
		for asked < size && len(open) < most {
			r := receiveR2T(t, i)
			want := min(burst, size-asked)
			if r.Offset != uint32(asked) || r.Desired != uint32(want) || r.R2TSN != uint32(len(tags)) || tags[r.TTT] || r.ITT != m.ITT {
				t.Fatalf("%+v, want an R2T for the next %d at %d", r, want, asked)
			}
			tags[r.TTT] = true
			open = append(open, r)
			asked += want
		}
		silent(t, i) // and no further R2T
		n := int(open[0].Desired)
		half := n / 2
		if err := i.Send(with(i.DataOut(open[0], 0, answered), func(m *iscsi.DataOut) { m.Final = false }),
			data[answered:answered+half]); err != nil {
			t.Fatal(err)
		}
		if err := i.Send(i.DataOut(open[0], 1, answered+half), data[answered+half:answered+n]); err != nil {
			t.Fatal(err)
		}
		answered, open = answered+n, open[1:]
	}
	if r := receiveResponse(t, i); r.Status != 0 || r.ExpDataSN != uint32(len(tags)) {
		t.Fatalf("%+v, want GOOD after %d R2Ts", r, len(tags))
	}
	if got, _ := disk.snapshot(); !bytes.Equal(got[:size], data) {
		t.Error("the disk has other data than was sent")
	}
}

func receiveResponse(t *testing.T, i *initiatortest.Initiator) iscsi.SCSIResponse {
	t.Helper()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse {
		t.Fatalf("received %v, %v, want a SCSI response", p, err)
	}
	return initiatortest.Decode[iscsi.SCSIResponse](p)
}

// If the announced length and that of the CDB differ, the smaller is moved and the residual
// reports the difference.
func TestOddLengths(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for name, tt := range map[string]struct {
		cdb      []byte
		flags    iscsi.Direction
		edtl     uint32
		send     int
		moved    int
		residual uint32
		overflow bool
	}{
		"4 GiB announced for a block to read":  {[]byte{0x28, 8: 1, 9: 0}, iscsi.FlagRead, 0xffffffff, 0, 512, 0xffffffff - 512, false},
		"4 GiB announced for a block to write": {[]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 0xffffffff, 512, 0, 0xffffffff - 512, false},
		"nothing announced for a read":         {[]byte{0x28, 8: 2, 9: 0}, iscsi.FlagRead, 0, 0, 0, 1024, true},
		"nothing announced for a write":        {[]byte{0x2a, 8: 2, 9: 0}, iscsi.FlagWrite, 0, 0, 0, 1024, true},
		"a write that says it reads":           {[]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagRead, 512, 0, 0, 512, true},
		"a read that says it writes":           {[]byte{0x28, 8: 1, 9: 0}, iscsi.FlagWrite, 512, 512, 0, 512, true},
		"a read that says both":                {[]byte{0x28, 8: 1, 9: 0}, iscsi.FlagRead | iscsi.FlagWrite, 512, 0, 512, 0, false},
		"nothing to move, 512 announced":       {make([]byte, 6), iscsi.FlagRead, 512, 0, 0, 512, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := i.Command(tt.cdb, tt.flags, 0)
			m.EDTL = tt.edtl
			if err := i.Send(m, make([]byte, tt.send)); err != nil {
				t.Fatal(err)
			}
			moved := 0
			for {
				p, err := i.Receive()
				if err != nil || p.Header.ITT() != m.ITT {
					t.Fatalf("%v, %v", p, err)
				}
				var status byte
				var residual iscsi.Residual
				if p.Header.Opcode() == iscsi.OpDataIn {
					in := initiatortest.Decode[iscsi.DataIn](p)
					moved += len(p.Data)
					if !in.HasStatus {
						continue
					}
					status, residual = in.Status, in.Residual
				} else {
					r := initiatortest.Decode[iscsi.SCSIResponse](p)
					status, residual = r.Status, r.Residual
				}
				want := iscsi.Residual{Overflow: tt.overflow, Underflow: !tt.overflow && tt.residual > 0, Count: tt.residual}
				if status != 0 || moved != tt.moved || residual != want {
					t.Errorf("status %d, %d bytes, residual %+v; want GOOD, %d, %+v", status, moved, residual, tt.moved, want)
				}
				return
			}
		})
	}
}
