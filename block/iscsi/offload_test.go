package iscsi_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// countedDisk counts the reads that were not tried in place.
type countedDisk struct {
	*ram
	reads atomic.Int32
}

func (d *countedDisk) ReadAt(p []byte, off int64) (int, error) {
	d.reads.Add(1)
	return d.ram.ReadAt(p, off)
}

// Only long reads with many requests queued after them run in the pool.
func TestOffload(t *testing.T) {
	for name, c := range map[string]struct {
		n, at int // bytes, and requests that come at once
		want  int32
	}{
		"many long":  {128 << 10, 8, 5}, // all but the last three
		"many short": {64 << 10, 8, 0},
		"few long":   {128 << 10, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := &countedDisk{ram: newRAM(1 << 20)}
			i := serve(t, d, nil).login(initiatortest.Options{})
			cdb := make([]byte, 16)
			cdb[0] = 0x88
			binary.BigEndian.PutUint32(cdb[10:], uint32(c.n/512))
			var all []byte
			for range c.at {
				all = iscsi.AppendPDU(all, initiatortest.PDU(i.Command(cdb, iscsi.FlagRead, c.n), nil), i.Digests)
			}
			if _, err := i.Conn.Write(all); err != nil {
				t.Fatal(err)
			}
			for range c.at {
				if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpDataIn || len(p.Data) != c.n {
					t.Fatalf("answer %v, %v", p, err)
				}
			}
			if got := d.reads.Load(); got != c.want {
				t.Errorf("%d reads in the pool, want %d", got, c.want)
			}
		})
	}
}
