package tftp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"ironhook/internal/limit"
)

// transfer sends one file to one client, from a socket of its own (RFC 1350 section 4).
type transfer struct {
	conn    *net.UDPConn // connected: packets of others do not arrive
	content []byte
	block   int    // bytes
	optAck  []byte // nil: without options
	used    func() // marks the transfer as used
	first   []byte // the first packet

	number int         // of the last packet sent: 0 is the OACK
	again  atomic.Bool // the client has repeated its request
	rtt    estimate
}

// send sends the whole file. Before the client has answered once, a packet is sent for each
// of its requests and no other, so that a forged request draws one packet only.
func (t *transfer) send(ctx context.Context) error {
	if _, err := t.conn.Write(t.first); err != nil {
		return err
	}
	begun := time.Now()
	if err := t.answered(ctx, begun.Add(patience)); err != nil {
		return err
	}
	if !t.again.Load() {
		t.rtt.add(time.Since(begun))
	}
	for !t.done() {
		t.number++
		if err := t.exchange(ctx); err != nil {
			return err
		}
	}
	return nil
}

// exchange sends a packet until it is acknowledged.
func (t *transfer) exchange(ctx context.Context) error {
	packet, wait, begun := t.packet(), t.rtt.timeout(), time.Now()
	for first := true; time.Since(begun) < patience; first = false {
		sent := time.Now()
		if _, err := t.conn.Write(packet); err != nil {
			return err
		}
		switch err := t.answered(ctx, sent.Add(wait)); {
		case err == nil && first: // Karn: a packet sent twice gives no sample
			t.rtt.add(time.Since(sent))
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		wait = min(2*wait, maxTimeout)
	}
	limit.Reached(limit.TFTPSilence)
	return fmt.Errorf("block %d is not acknowledged", t.number)
}

// answered waits until the last packet is acknowledged. An acknowledgement of an older one
// is a duplicate, and is not answered (RFC 1123 section 4.2.3.1).
func (t *transfer) answered(ctx context.Context, until time.Time) error {
	b := make([]byte, 4+128)
	for {
		if err := errors.Join(ctx.Err(), t.conn.SetReadDeadline(until)); err != nil {
			return err
		}
		n, err := t.conn.Read(b)
		switch {
		case err != nil:
			return err
		case n >= 4 && b[1] == opError:
			return fmt.Errorf("the client ends it: error %d, %q", b[3], b[4:n])
		case n == 4 && b[0] == 0 && b[1] == opAck && binary.BigEndian.Uint16(b[2:]) == uint16(t.number):
			t.used()
			return nil
		}
	}
}

// begin makes the first packet.
func (t *transfer) begin() {
	if t.optAck == nil {
		t.number = 1
	}
	t.first = t.packet()
}

// repeat sends the first packet again, because the client has repeated its request. A
// client that has received it ignores a second one.
func (t *transfer) repeat() {
	t.again.Store(true)
	_, _ = t.conn.Write(t.first) // it may be lost: the client asks again
}

func (t *transfer) packet() []byte {
	if t.number == 0 {
		return t.optAck
	}
	return dataPacket(t.content, t.block, t.number)
}

// done reports whether the last packet sent was the last block: the first that is not full.
func (t *transfer) done() bool { return t.number*t.block > len(t.content) }

// The timeouts. Retransmissions follow the round trip, so that a lost packet costs little.
// A client is given up later than firmware gives up the server (six tries of 4 s): in a
// crowd its answers may be late. What it holds meanwhile it gives way to others.
const (
	patience   = 30 * time.Second
	minTimeout = 50 * time.Millisecond
	maxTimeout = 4 * time.Second
)

// estimate is the estimate of the round trip (RFC 6298 section 2).
type estimate struct {
	smoothed, deviation time.Duration
}

func (e *estimate) add(sample time.Duration) {
	if e.smoothed == 0 {
		e.smoothed, e.deviation = sample, sample/2
		return
	}
	e.deviation += ((e.smoothed - sample).Abs() - e.deviation) / 4
	e.smoothed += (sample - e.smoothed) / 8
}

// timeout is the time to wait for an acknowledgement.
func (e *estimate) timeout() time.Duration {
	if e.smoothed == 0 {
		return time.Second
	}
	return min(max(e.smoothed+4*e.deviation, minTimeout), maxTimeout)
}
