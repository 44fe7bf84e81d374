package iscsi_test

import (
	"bytes"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// What is asked for is what was not sent yet, in order and without a gap, no more at
// once than was agreed, each time under a tag of its own.
func TestR2Ts(t *testing.T) {
	const size, burst, most = 64 << 10, 4096, 3
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{Keys: keys("MaxBurstLength=4096 FirstBurstLength=2048 MaxOutstandingR2T=3 InitialR2T=No")})
	data := bytes.Repeat([]byte("ironhook"), size/8)
	h := notFinal(i.Command([]byte{0x2a, 8: size / 512, 9: 0}, iscsi.FlagWrite, size))
	if err := i.Send(h, data[:1024]); err != nil {
		t.Fatal(err)
	}
	first := make(iscsi.Header, iscsi.HeaderLen)
	first.PutUint32(iscsi.OffITT, h.ITT())
	first.PutUint32(iscsi.OffTTT, iscsi.NoTag)
	if err := i.Send(i.DataOut(first, 0, 1024), data[1024:2048]); err != nil { // all that was agreed without asking
		t.Fatal(err)
	}
	tags := map[uint32]bool{}
	var open []iscsi.Header
	asked := 2048
	for answered := asked; answered < size; {
		for asked < size && len(open) < most {
			p, err := i.Receive()
			if err != nil || p.Header.Opcode() != iscsi.OpR2T {
				t.Fatalf("%v, %v, want an R2T for %d", p, err, asked)
			}
			r := p.Header
			want := min(burst, size-asked)
			if r.Uint32(iscsi.OffOffset) != uint32(asked) || r.Uint32(iscsi.OffDesired) != uint32(want) || r.Uint32(iscsi.OffDataSN) != uint32(len(tags)) || tags[r.TTT()] || r.ITT() != h.ITT() {
				t.Fatalf("R2T %d for %d bytes at %d under %#x, want the next %d at %d", r.Uint32(iscsi.OffDataSN), r.Uint32(iscsi.OffDesired), r.Uint32(iscsi.OffOffset), r.TTT(), want, asked)
			}
			tags[r.TTT()] = true
			open = append(open, r)
			asked += want
		}
		silent(t, i) // and not one more
		n := int(open[0].Uint32(iscsi.OffDesired))
		half := n / 2
		if err := i.Send(notFinal(i.DataOut(open[0], 0, answered)), data[answered:answered+half]); err != nil {
			t.Fatal(err)
		}
		if err := i.Send(i.DataOut(open[0], 1, answered+half), data[answered+half:answered+n]); err != nil {
			t.Fatal(err)
		}
		answered, open = answered+n, open[1:]
	}
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse || p.Header[3] != 0 || p.Header.Uint32(iscsi.OffDataSN) != uint32(len(tags)) {
		t.Fatalf("%v, %v, want GOOD after %d R2Ts", p, err, len(tags))
	}
	if got, _ := disk.snapshot(); !bytes.Equal(got[:size], data) {
		t.Error("the disk has other data than was sent")
	}
}

// Lengths that do not fit the command move what both agree upon, and the residual tells
// the rest.
func TestOddLengths(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for name, tt := range map[string]struct {
		cdb      []byte
		flags    byte
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
			h := with(i.Command(tt.cdb, tt.flags, 0), iscsi.OffEDTL, tt.edtl)
			if err := i.Send(h, make([]byte, tt.send)); err != nil {
				t.Fatal(err)
			}
			moved := 0
			for {
				p, err := i.Receive()
				if err != nil || p.Header.ITT() != h.ITT() {
					t.Fatalf("%v, %v", p, err)
				}
				moved += len(p.Data)
				if p.Header.Opcode() == iscsi.OpDataIn && p.Header[1]&1 == 0 {
					continue
				}
				if p.Header.Opcode() == iscsi.OpSCSIResponse {
					moved -= len(p.Data)
				}
				residual, flags := p.Header.Uint32(iscsi.OffResidual), p.Header[1]&6
				want := byte(0)
				switch {
				case tt.overflow:
					want = 4
				case tt.residual > 0:
					want = 2
				}
				if p.Header[3] != 0 || moved != tt.moved || residual != tt.residual || flags != want {
					t.Errorf("status %d, %d bytes, residual %d with flags %#x; want GOOD, %d, %d with %#x", p.Header[3], moved, residual, flags, tt.moved, tt.residual, want)
				}
				return
			}
		})
	}
}
