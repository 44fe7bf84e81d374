package iscsi_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/internal/pipes"
)

// inTime runs a test body with a target in synctest's time. The body gets a function that
// connects.
func inTime(t *testing.T, body func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event)) {
	inTimeWith(t, iscsi.Limits{}, body)
}

func inTimeWith(t *testing.T, limits iscsi.Limits, body func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event)) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes.Listen()
		device := newDevice(t, newRAM(8<<20))
		events := make(chan iscsi.Event, 100)
		target := &iscsi.Target{
			Lookup:  func(context.Context, string, string) (block.Grant, error) { return block.Grant{Device: device}, nil },
			Observe: func(e iscsi.Event) { events <- e },
			Limits:  limits,
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- target.Serve(ctx, l) }()
		body(t, l.Dial, func() iscsi.Event { return <-events })
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func loginOver(t *testing.T, c net.Conn, suffix ...string) *initiatortest.Initiator {
	t.Helper()
	i, err := initiatortest.New(c, initiatortest.Options{Name: initiatorName + strings.Join(suffix, ""), Target: targetName})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// closedWithin reads until the target closes, and checks when that is and why.
func closedWithin(t *testing.T, c net.Conn, heard func() iscsi.Event, min, max time.Duration, why string) {
	t.Helper()
	start := time.Now()
	e := heard()
	for e.Kind != iscsi.Closed {
		e = heard()
	}
	if !strings.Contains(e.Reason, why) {
		t.Errorf("closed because of %q, want %q", e.Reason, why)
	}
	if took := time.Since(start); took < min || took > max {
		t.Errorf("closed after %v, want %v to %v", took, min, max)
	}
	c.Close()
}

func TestSilenceBeforeLogin(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		c, start := dial(), time.Now()
		if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(start) != time.Minute {
			t.Errorf("a silent connection ends after %v with %v, want 60 s", time.Since(start), err)
		}
	})
}

func TestSlowLogin(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		start := time.Now()
		c, dribbled := dial(), make(chan struct{})
		go func() {
			defer close(dribbled)
			h := make([]byte, 48)
			h[0] = 0x43
			for _, b := range h {
				time.Sleep(3 * time.Second)
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
		}()
		<-dribbled
		if took := time.Since(start); took < time.Minute || took > 64*time.Second {
			t.Errorf("a login that dribbles in goes on for %v, want 60 s", took)
		}
	})
}

// An initiator that answers our pings may be silent for as long as it likes. One that
// has done so and stops is gone.
func TestPings(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		i := loginOver(t, dial())
		start := time.Now()
		for time.Since(start) < 5*time.Hour {
			answerPing(t, i)
		}
		go io.Copy(io.Discard, i.Conn)
		closedWithin(t, i.Conn, heard, 50*time.Second, 70*time.Second, "silent")
	})
}

// answerTo answers a ping of the target's without asking for an answer in turn.
func answerTo(i *initiatortest.Initiator, ping iscsi.PDU) iscsi.NopOut {
	m := i.Ping(initiatortest.Decode[iscsi.NopIn](ping).TTT)
	m.ITT = iscsi.NoTag
	return m
}

func answerPing(t *testing.T, i *initiatortest.Initiator) {
	t.Helper()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpNopIn || initiatortest.Decode[iscsi.NopIn](p).TTT == iscsi.NoTag {
		t.Fatalf("received %v, %v, want a ping", p, err)
	}
	if err := i.Send(answerTo(i, p), nil); err != nil {
		t.Fatal(err)
	}
}

// iPXE never answers a ping. It may sit at a prompt for an hour.
func TestPingsAtIPXE(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		i := loginOver(t, dial())
		go io.Copy(io.Discard, i.Conn)
		closedWithin(t, i.Conn, heard, time.Hour, time.Hour+2*time.Second, "silent")
	})
}

func TestAnswersThatAreNotRead(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		i := loginOver(t, dial())
		if err := i.Send(i.Command(make([]byte, 6), 0, 0), nil); err != nil {
			t.Fatal(err)
		}
		closedWithin(t, i.Conn, heard, 29*time.Second, 33*time.Second, "does not read")
	})
}

func TestDataThatDoesNotCome(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		i := loginOver(t, dial())
		if err := i.Settle(); err != nil {
			t.Fatal(err)
		}
		if err := i.Send(i.Command([]byte{0x2a, 8: 4, 9: 0}, iscsi.FlagWrite, 2048), nil); err != nil {
			t.Fatal(err)
		}
		receiveR2T(t, i)
		go func() { // answers every ping, but sends no data
			for p, err := i.Receive(); err == nil; p, err = i.Receive() {
				i.Send(answerTo(i, p), nil)
			}
		}()
		closedWithin(t, i.Conn, heard, time.Minute, 63*time.Second, "does not send")
	})
}

// An initiator that reserves all memory and sends next to nothing is dropped when another
// session needs the memory.
func TestDataThatDribblesIn(t *testing.T) {
	inTimeWith(t, iscsi.Limits{Memory: 1 << 20}, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		slow := loginOver(t, dial())
		if err := slow.Settle(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			dribble(slow, 8<<20)
		}()
		time.Sleep(5 * time.Minute)
		select {
		case <-ended:
			t.Fatal("closed while nobody else needed the memory")
		default:
		}
		other, start := loginOver(t, dial(), "-2"), time.Now()
		defer other.Close()
		if err := other.Settle(); err != nil {
			t.Fatal(err)
		}
		if err := other.Write(0, make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("another initiator's write took %v, want a few seconds", took)
		}
		<-ended
	})
}

// dribble begins a write of n bytes and sends one block a second until the connection
// fails.
func dribble(i *initiatortest.Initiator, n int) {
	cdb := []byte{0x2a, 7: byte(n / 512 >> 8), 8: byte(n / 512), 9: 0}
	if err := i.Send(i.Command(cdb, iscsi.FlagWrite, n), nil); err != nil {
		return
	}
	p, err := i.Receive()
	if err != nil {
		return
	}
	r2t := initiatortest.Decode[iscsi.R2T](p)
	for sn := uint32(0); err == nil; sn++ {
		time.Sleep(time.Second)
		h := i.DataOut(r2t, sn, int(sn)*512)
		h.Final = false
		err = i.Send(h, make([]byte, 512))
	}
}
