package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/load"
)

// pipeline reads with our own initiator, so many requests in flight.
func (w workload) pipeline(ctx context.Context, portal, target string, keys []iscsi.Pair, length time.Duration) (load.Reading, error) {
	i, err := initiatortest.Dial(ctx, portal, initiatortest.Options{Name: "iqn.2026-11.test:bench", Target: target, Keys: keys})
	if err != nil {
		return load.Reading{}, err
	}
	defer i.Close()
	i.Conn.SetDeadline(time.Now().Add(length + 20*time.Second))
	if err := i.Settle(); err != nil {
		return load.Reading{}, err
	}
	at := uint32(0)
	ask := func() error {
		at += uint32(w.block / 512)
		if w.kind == randomRead {
			at = rand.Uint32()
		}
		cdb := make([]byte, 16)
		cdb[0] = 0x28
		binary.BigEndian.PutUint32(cdb[2:], at%uint32((size-w.block)/512))
		binary.BigEndian.PutUint16(cdb[7:], uint16(w.block/512))
		return i.Send(i.Command(cdb, iscsi.FlagRead, w.block), nil)
	}
	for range w.depth {
		if err := ask(); err != nil {
			return load.Reading{}, err
		}
	}
	n, start := 0, time.Now()
	for ; time.Since(start) < length; n++ {
		for done := false; !done; {
			p, err := i.Receive()
			if err != nil {
				return load.Reading{}, err
			}
			if p.Header.Opcode() != iscsi.OpDataIn {
				return load.Reading{}, fmt.Errorf("%v in answer to a read", p)
			}
			done = initiatortest.Decode[iscsi.DataIn](p).HasStatus
		}
		if err := ask(); err != nil {
			return load.Reading{}, err
		}
	}
	return load.Reading{Rate: float64(n) / time.Since(start).Seconds()}, nil
}
