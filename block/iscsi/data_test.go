package iscsi_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/block/scsi"
)

// ways are the data transfer parameters that initiators negotiate.
var ways = map[string]string{
	"libiscsi": "InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 FirstBurstLength=262144 MaxRecvDataSegmentLength=262144",
	"Linux": "InitialR2T=No ImmediateData=Yes MaxBurstLength=16776192 FirstBurstLength=262144 MaxRecvDataSegmentLength=262144 " +
		"HeaderDigest=CRC32C DataDigest=CRC32C",
	"iPXE":         "InitialR2T=Yes MaxRecvDataSegmentLength=8192",
	"R2T only":     "InitialR2T=Yes ImmediateData=No MaxBurstLength=4096 MaxOutstandingR2T=4",
	"smallest":     "MaxRecvDataSegmentLength=512 MaxBurstLength=512 FirstBurstLength=512 DataDigest=CRC32C",
	"immediate":    "InitialR2T=Yes ImmediateData=Yes FirstBurstLength=1024",
	"headers only": "HeaderDigest=CRC32C",
}

// Data read is the data written, whatever was negotiated and wherever commands run.
func TestDataBothWays(t *testing.T) {
	const size = 4 << 20
	for name, offer := range ways {
		for _, cached := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/cached=%v", name, cached), func(t *testing.T) {
				disk := newRAM(size)
				var d scsi.Disk = disk
				if !cached {
					d = uncached{disk}
				}
				i := serve(t, d, nil).login(initiatortest.Options{Keys: keys(offer)})
				rnd := rand.New(rand.NewPCG(1, 2))
				want := make([]byte, size)
				for range 60 {
					n := 512 * (1 + rnd.IntN(1<<rnd.IntN(12)))
					off := 512 * rnd.Int64N((size-int64(n))/512+1)
					part := want[off : off+int64(n)]
					if rnd.IntN(2) == 0 {
						for k := range part {
							part[k] = byte(rnd.Uint32())
						}
						if err := i.Write(off, part); err != nil {
							t.Fatalf("Write(%d, %d bytes): %v", off, n, err)
						}
					} else if got, err := i.Read(off, n); err != nil || !bytes.Equal(got, part) {
						t.Fatalf("Read(%d, %d) differs, %v", off, n, err)
					}
				}
				err := i.Flush()
				data, syncs := disk.snapshot()
				if err != nil || syncs != 1 {
					t.Fatalf("Flush() = %v after %d syncs, want nil after 1", err, syncs)
				}
				if !bytes.Equal(data, want) {
					t.Error("the disk has other data than was written")
				}
				if err := i.Logout(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Old iPXE asks for more at once than the MaxBurstLength it agreed to (ipxe issue 898):
// each burst ends with the F bit, and all of it comes.
func TestReadBeyondMaxBurst(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{Keys: keys("MaxBurstLength=16384 MaxRecvDataSegmentLength=8192")})
	cdb := []byte{0x28, 7: 0, 8: 128, 9: 0} // READ(10) of 128 blocks
	h := i.Command(cdb, iscsi.FlagRead, 65536)
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	for off := 0; off < 65536; off += 8192 {
		p, err := i.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if final := p.Header.Final(); final != (off%16384 == 8192) || len(p.Data) != 8192 {
			t.Errorf("%v at offset %d: F is %v", p, off, final)
		}
	}
}

// Residuals follow from what the CDB moves and what the initiator announced.
func TestResiduals(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	read := func(blocks byte) []byte { return []byte{0x28, 8: blocks, 9: 0} }
	write := func(blocks byte) []byte { return []byte{0x2a, 8: blocks, 9: 0} }
	for _, tt := range []struct {
		cdb     []byte
		out, in int
		got     int
		want    int64
	}{
		{read(2), 0, 1024, 1024, 0},
		{read(1), 0, 1024, 512, 512},
		{read(2), 0, 512, 512, -512},
		{write(2), 1024, 0, 0, 0},
		{write(1), 1024, 0, 0, 512},
		{write(2), 512, 0, 0, -512},
		{[]byte{0x12, 4: 36, 5: 0}, 0, 255, 36, 255 - 36},
	} {
		r, err := i.Do(tt.cdb, make([]byte, tt.out), tt.in)
		if err != nil || len(r.Data) != tt.got || r.Residual != tt.want {
			t.Errorf("CDB %x with %d out, %d in = %d bytes, residual %d, %v; want %d and %d", tt.cdb, tt.out, tt.in, len(r.Data), r.Residual, err,
				tt.got, tt.want)
		}
	}
}

// A flush that fails is not answered with GOOD.
func TestFailedFlush(t *testing.T) {
	disk := newRAM(1 << 20)
	disk.syncErr = errors.New("medium is gone")
	i := serve(t, disk, nil).login(initiatortest.Options{})
	if err := i.Flush(); !errors.Is(err, initiatortest.ErrStatus) {
		t.Errorf("Flush() = %v, want a status other than GOOD", err)
	}
}

// A lost data PDU fails its command after all solicited data has come (RFC 7143 §7.8); the
// session goes on.
func TestLostDataPDU(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{Keys: keys("ImmediateData=No InitialR2T=Yes")})
	if err := i.Send(i.Command([]byte{0x2a, 8: 4, 9: 0}, iscsi.FlagWrite, 2048), nil); err != nil {
		t.Fatal(err)
	}
	r2t := receiveR2T(t, i)
	h := i.DataOut(r2t, 7, 0)
	h.Final = false
	if err := i.Send(h, make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	silent(t, i)
	if err := i.Send(i.DataOut(r2t, 8, 1024), bytes.Repeat([]byte{1}, 1024)); err != nil {
		t.Fatal(err)
	}
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse || initiatortest.Decode[iscsi.SCSIResponse](p).Status != 2 ||
		p.Data[2+2] != 0x0b || p.Data[2+12] != 0x47 {
		t.Fatalf("write with a lost PDU = %v, %v, want ABORTED COMMAND", p, err)
	}
	if got, err := i.Read(0, 2048); err != nil || !bytes.Equal(got, make([]byte, 2048)) {
		t.Errorf("the session after it: %v; or some of it was written", err)
	}
}

// A write that waits for the disk writes its own data, not later data of the same receive
// buffer.
func TestWaitingWriteKeepsItsData(t *testing.T) {
	disk := newRAM(1 << 20)
	i := serve(t, disk, nil).login(initiatortest.Options{})
	want := bytes.Repeat([]byte("a"), 512)
	disk.gate.Lock()
	if err := i.Send(i.Command([]byte{0x2a, 0x08, 8: 1, 9: 0}, iscsi.FlagWrite, 512), want); err != nil { // Force Unit Access
		t.Fatal(err)
	}
	<-disk.entered
	if err := i.Send(i.Ping(0xffffffff), bytes.Repeat([]byte("b"), 4096)); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpNopIn {
		t.Fatalf("a ping while a write waits: %v, %v", p, err)
	}
	disk.gate.Unlock()
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse {
		t.Fatalf("the write: %v, %v", p, err)
	}
	if data, _ := disk.snapshot(); !bytes.Equal(data[:512], want) {
		t.Errorf("the disk begins with %q, want what the write brought", data[:16])
	}
}
