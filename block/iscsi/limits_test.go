package iscsi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/block/scsi"
)

// Silent connections neither keep out an initiator that logs in nor slow down one that is
// logged in.
func TestFloodOfSilentConnections(t *testing.T) {
	s := serve(t, newRAM(1<<20), func(s *server) { s.target.Limits.Unauthenticated = 8 })
	good := s.login(initiatortest.Options{})
	var mute []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		mute = append(mute, c)
	}
	if _, err := good.Read(0, 512); err != nil {
		t.Error(err)
	}
	s.login(initiatortest.Options{Name: initiatorName + "-2"})
	mute[0].SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := mute[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the oldest silent connection: %v, want it closed", err)
	}
}

func TestConnectionLimits(t *testing.T) {
	var log lockedBuffer
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.target.Limits.Connections, s.target.Limits.PerInitiator = 4, 2
		s.target.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	isid := func(n byte) initiatortest.Options { return initiatortest.Options{ISID: iscsi.ISID{n}} }
	s.login(isid(1))
	s.login(isid(2))
	var refused *initiatortest.LoginError
	if _, err := s.dial(isid(3)); !errors.As(err, &refused) || refused.Status != 0x0206 {
		t.Errorf("third session of an initiator = %v, want status 0206", err)
	}
	s.login(isid(2)) // replaces the previous session
	s.event(iscsi.Closed)
	for n := range 2 {
		s.login(initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n)})
	}
	if _, err := s.dial(initiatortest.Options{Name: initiatorName + "-x"}); err == nil {
		t.Error("a fifth connection was let in")
	}
	s.close() // the refused one knows before the log does
	if want := `reason="4 connections are open`; !strings.Contains(log.String(), want) {
		t.Errorf("log = %q, want %q in it", log.String(), want)
	}
}

// TestSessionsOfManyTargets has one initiator with as many sessions as it may have with one
// target, and with others as well. The one too many is in the log.
func TestSessionsOfManyTargets(t *testing.T) {
	var log lockedBuffer
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.target.Limits.PerInitiator = 1
		s.target.Log = slog.New(slog.NewTextHandler(&log, nil))
		devices := map[string]*scsi.Device{}
		for n := range 20 {
			devices[fmt.Sprintf("%s-%d", targetName, n)] = newDevice(s.t, newRAM(1<<20))
		}
		s.target.Lookup = func(_ context.Context, _, target string) (block.Grant, error) {
			return block.Grant{Device: devices[target]}, nil
		}
	})
	for n := range 20 {
		s.login(initiatortest.Options{Target: fmt.Sprintf("%s-%d", targetName, n)})
	}
	var refused *initiatortest.LoginError
	if _, err := s.dial(initiatortest.Options{Target: targetName + "-7", ISID: iscsi.ISID{9}}); !errors.As(err, &refused) ||
		refused.Status != 0x0206 {
		t.Errorf("second session with one target = %v, want status 0206", err)
	}
	s.event(iscsi.LoginFailed)
	s.close()
	for _, want := range []string{"iSCSI login failed", "initiator=" + initiatorName, "target=" + targetName +
		"-7", `status="0x0206 Too many connections"`, "has 1 sessions with this target"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log = %q, want %q in it", log.String(), want)
		}
	}
}

// TestLoginFailuresAreLogged has the reason of every login that fails in the log, with the
// names as they were sent, and not more lines a second than a flood is worth.
func TestLoginFailuresAreLogged(t *testing.T) {
	for name, c := range map[string]struct {
		options initiatortest.Options
		want    []string
	}{
		"a name with a space": {initiatortest.Options{Name: "iqn.2004-10.com.ubuntu:01 abc"},
			[]string{`initiator="iqn.2004-10.com.ubuntu:01 abc"`, "0x0207 Missing parameter", "InitiatorName is"}},
		"a name with a newline": {initiatortest.Options{Name: "iqn.2004-10.com.ubuntu:01\nlevel=ERROR"},
			[]string{"0x0207 Missing parameter", `\\n`}},
		"no such target":   {initiatortest.Options{Target: targetName + "-x"}, []string{"target=" + targetName + "-x", "0x0203 Not found"}},
		"no proper target": {initiatortest.Options{Target: "IQN\x01"}, []string{"0x0207 Missing parameter", "TargetName is"}},
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			s := serve(t, newRAM(1<<20), func(s *server) { s.target.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			for range 150 {
				if _, err := s.dial(c.options); err == nil {
					t.Fatal("logged in")
				}
			}
			s.close()
			for _, want := range append(c.want, "iSCSI login failed", "remote=127.0.0.1:") {
				if !strings.Contains(log.String(), want) {
					t.Errorf("log = %q, want %q in it", log.String(), want)
				}
			}
			if n := strings.Count(log.String(), "\n"); n != strings.Count(log.String(), "level=WARN") {
				t.Errorf("%d lines, some of them the initiator's", n)
			}
		})
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Garbage before the login ends the connection, with a short answer at most.
func TestGarbageBeforeLogin(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	huge := make([]byte, 48)
	huge[0], huge[5], huge[6], huge[7] = 0x43, 0xff, 0xff, 0xff
	for name, b := range map[string][]byte{
		"HTTP":           []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + string(make([]byte, 48))),
		"zeros":          make([]byte, 4096),
		"ones":           bytes.Repeat([]byte{0xff}, 4096),
		"length of 16 M": huge,
		"a command":      append([]byte{0x01}, make([]byte, 47)...),
	} {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		c.Write(b)
		got, err := io.ReadAll(io.LimitReader(c, 1<<16))
		if isTimeout(err) || len(got) > 1024 {
			t.Errorf("%s is answered with %d bytes, %v", name, len(got), err)
		}
		c.Close()
	}
	s.login(initiatortest.Options{})
}

// With little memory large writes of several sessions take turns, and all of them finish.
func TestWritesTakeTurnsForMemory(t *testing.T) {
	const size, part = 8 << 20, 1 << 20
	disk := newRAM(size)
	s := serve(t, disk, func(s *server) { s.target.Limits.Memory = 2 << 20 })
	want := make([]byte, size)
	for n := range want {
		want[n] = byte(n >> 16)
	}
	var wg sync.WaitGroup
	for n := range size / part {
		i := s.login(initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n), Keys: keys("InitialR2T=Yes ImmediateData=No")})
		wg.Go(func() {
			off := int64(n) * part
			for range 5 {
				if err := i.Write(off, want[off:off+part]); err != nil {
					t.Error(err)
					return
				}
				if got, err := i.Read(off, part); err != nil || !bytes.Equal(got, want[off:off+part]) {
					t.Errorf("read at %d differs, %v", off, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if data, _ := disk.snapshot(); !bytes.Equal(data, want) {
		t.Error("the disk has other data than was written")
	}
}

// As memory is used up, windows narrow to one command, and open again.
func TestWindowNarrows(t *testing.T) {
	s := serve(t, newRAM(8<<20), func(s *server) { s.target.Limits.Memory = 1 << 20 })
	i := s.login(initiatortest.Options{Keys: keys("InitialR2T=Yes ImmediateData=No FirstBurstLength=65536")})
	before := i.MaxCmdSN - i.ExpCmdSN
	h := i.Command([]byte{0x2a, 7: 0x40, 9: 0}, iscsi.FlagWrite, 8<<20) // far more than there is
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	receiveR2T(t, i)
	for range int(before) {
		if err := i.Send(i.Command(make([]byte, 6), 0, 0), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	if got := i.MaxCmdSN - i.ExpCmdSN + 1; got > 1 {
		t.Errorf("window of %d commands while memory is used up, want at most 1", got)
	}
	managed(t, i, manage(t, i, iscsi.AbortTask, h.ITT), 0)
	if err := i.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := i.MaxCmdSN - i.ExpCmdSN; got < 8 {
		t.Errorf("window of %d commands after memory has come back", got)
	}
}

// An initiator that does not read its answers delays no other initiator, and its memory is
// bounded.
func TestInitiatorThatDoesNotRead(t *testing.T) {
	s := serve(t, newRAM(4<<20), func(s *server) { s.target.Limits.Memory = 8 << 20 })
	deaf, good := s.login(initiatortest.Options{}), s.login(initiatortest.Options{Name: initiatorName + "-2"})
	deaf.Conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	for range 128 {
		if err := deaf.Send(deaf.Command([]byte{0x28, 7: 0x20, 9: 0}, iscsi.FlagRead, 4<<20), nil); err != nil {
			break
		}
	}
	for range 10 {
		if _, err := good.Read(0, 512); err != nil {
			t.Fatal(err)
		}
		if err := good.Write(0, make([]byte, 100000/512*512)); err != nil {
			t.Fatal(err)
		}
	}
}

// Discoveries need no authentication, so a flood of them is treated like one of silent
// connections: it keeps no initiator out.
func TestFloodOfDiscoveries(t *testing.T) {
	s := serve(t, newRAM(1<<20), func(s *server) { s.target.Limits.Unauthenticated = 8 })
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	var first *initiatortest.Initiator
	for n := range 40 {
		i, err := initiatortest.Dial(ctx, s.addr, initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n)})
		if err != nil {
			t.Fatalf("discovery %d: %v", n, err)
		}
		defer i.Close()
		if first == nil {
			first = i
		}
	}
	s.login(initiatortest.Options{})
	if p, err := first.Receive(); err == nil || isTimeout(err) {
		t.Errorf("the oldest discovery: %v, %v, want it closed", p, err)
	}
}

// A discovery may send short PDUs only.
func TestDiscoveryTakesShortPDUs(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	i, err := initiatortest.Dial(ctx, s.addr, initiatortest.Options{Name: initiatorName})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if got := i.Answers["MaxRecvDataSegmentLength"]; got != "8192" {
		t.Errorf("a discovery is told that it may send %s bytes at once, want 8192", got)
	}
	h := i.Ping(iscsi.NoTag)
	if err := i.Send(h, make([]byte, 8192)); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || len(p.Data) != 8192 {
		t.Errorf("a ping with 8192 bytes: %v, %v", p, err)
	}
	i.Send(h, make([]byte, 8193)) // may fail when the target closes before it has read all
	if p, err := i.Receive(); err == nil {
		t.Errorf("after a longer one comes %v", p)
	}
}

// Sessions of one initiator that ask for all the memory there is and send nothing hold up
// the writes of no other device, short or long, by R2T or not.
func TestGreedyWritersLeaveRoom(t *testing.T) {
	const otherName = "iqn.2026-11.test:other"
	other := newDevice(t, newRAM(4<<20))
	s := serve(t, newRAM(8<<20), func(s *server) {
		s.target.Limits.Memory, s.target.Limits.Keepalive = 16<<20, time.Hour
		disk := s.target.Lookup
		s.target.Lookup = func(ctx context.Context, initiator, target string) (block.Grant, error) {
			if target == otherName {
				return block.Grant{Device: other}, nil
			}
			return disk(ctx, initiator, target)
		}
	})
	for n := range 16 {
		greedy := s.login(initiatortest.Options{ISID: iscsi.ISID{byte(n)}})
		for range 4 {
			if err := greedy.Send(greedy.Command([]byte{0x2a, 7: 0x20, 9: 0}, iscsi.FlagWrite, 4<<20), nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 8 { // data without R2T, announced and never sent
			h := greedy.Command([]byte{0x2a, 7: 0x00, 8: 0x80, 9: 0}, iscsi.FlagWrite, 64<<10)
			h.Final = false
			if err := greedy.Send(h, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	modest := s.login(initiatortest.Options{Name: initiatorName + "-2", Target: otherName})
	for _, size := range []int{512, 64 << 10, 128 << 10, 256 << 10, 1 << 20, 4 << 20} {
		want := bytes.Repeat([]byte{byte(size >> 9)}, size)
		if err := modest.Write(0, want); err != nil {
			t.Fatalf("write of %d bytes: %v", size, err)
		}
		if got, err := modest.Read(0, size); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read of %d bytes: %v", size, err)
		}
	}
}
