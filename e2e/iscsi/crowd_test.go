package iscsi_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/block/iscsi/initiatortest"
)

// A thousand sessions at once, each writing and reading its own part, take memory that
// does not grow with what they move.
func TestThousandSessions(t *testing.T) {
	needsPeers(t, nil)
	const sessions, part, limit = 1000, 128 << 10, 400 // MiB
	manyFiles(t)
	e := export(t, diskImage(t, sessions*part))
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	initiators := make([]*initiatortest.Initiator, sessions)
	for n := range initiators {
		i, err := open(ctx, e, fmt.Sprintf("iqn.2026-11.test:crowd-%d", n))
		if err != nil {
			t.Fatalf("session %d: %v", n, err)
		}
		defer i.Close()
		initiators[n] = i
	}
	idle := e.memory("VmRSS")
	var wg sync.WaitGroup
	for n, i := range initiators {
		wg.Go(func() {
			want := bytes.Repeat([]byte{byte(n), byte(n >> 8)}, part/2)
			for range 4 {
				if err := i.Write(int64(n)*part, want); err != nil {
					t.Errorf("session %d: %v", n, err)
					return
				}
				if got, err := i.Read(int64(n)*part, part); err != nil || !bytes.Equal(got, want) {
					t.Errorf("session %d reads something else, %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	most := e.memory("VmHWM")
	t.Logf("%d sessions: %d MiB resident while idle, at most %d MiB at work", sessions, idle, most)
	if idle > 100 || most > limit {
		t.Errorf("%d sessions take %d MiB idle and up to %d MiB, want at most 100 and %d", sessions, idle, most, limit)
	}
}

// Ten thousand connections that talk nonsense, or nothing, cost a session that means it
// little more than what they cost the machine: it is compared with how it fares while
// they are directed at another initiator.
func TestGarbageConnections(t *testing.T) {
	needsPeers(t, nil)
	const garbage, atOnce = 10000, 64
	manyFiles(t)
	e := export(t, diskImage(t, 64<<20))
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	good, err := open(ctx, e, "iqn.2026-11.test:good")
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	alone, _ := pace(t, good, after(time.Second))
	elsewhere, _ := pace(t, good, whileRunning(func() { babble(t, deafEar(t), garbage, atOnce) }))
	during, worst := pace(t, good, whileRunning(func() { babble(t, e.portal, garbage, atOnce) }))
	t.Logf("%.0f reads a second alone, %.0f during %d garbage connections to another listener, %.0f (slowest %v) when they are to us; at "+
		"most %d MiB resident",
		alone, elsewhere, garbage, during, worst, e.memory("VmHWM"))
	if during < elsewhere/2 || worst > time.Second {
		t.Errorf("garbage made the good session fall from %.0f to %.0f reads a second, the slowest took %v", elsewhere, during, worst)
	}
	if most := e.memory("VmHWM"); most > 150 {
		t.Errorf("garbage made the server grow to %d MiB", most)
	}
	if i, err := open(ctx, e, "iqn.2026-11.test:after"); err != nil {
		t.Errorf("login after it: %v", err)
	} else {
		i.Close()
	}
}

func after(d time.Duration) func(time.Duration) bool {
	return func(spent time.Duration) bool { return spent > d }
}

// whileRunning starts f and is true once it has returned.
func whileRunning(f func()) func(time.Duration) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return func(time.Duration) bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
}

// deafEar is a listener that takes a header's worth from each connection and closes it.
func deafEar(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.CopyN(io.Discard, c, 48)
			}()
		}
	}()
	return l.Addr().String()
}

// pace reads one block after the other until enough says so; it returns reads a second,
// and the longest that one took.
func pace(t *testing.T, i *initiatortest.Initiator, enough func(spent time.Duration) bool) (rate float64, worst time.Duration) {
	t.Helper()
	start := time.Now()
	n := 0
	for ; !enough(time.Since(start)); n++ {
		one := time.Now()
		if _, err := i.Read(int64(n%1000)*512, 4096); err != nil {
			t.Fatal(err)
		}
		worst = max(worst, time.Since(one))
	}
	return float64(n) / time.Since(start).Seconds(), worst
}

// babble opens connections that send random bytes, headers that promise much, or
// nothing at all.
func babble(t *testing.T, addr string, n, atOnce int) {
	rnd := rand.NewChaCha8([32]byte{1})
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for k := range n {
		b := make([]byte, 1+k%5000)
		rnd.Read(b)
		if k%3 == 0 && len(b) >= 48 {
			copy(b, []byte{0x43, 0x87, 0, 0, 0, 0, byte(k), byte(k >> 8)}) // a login, with so much text
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Errorf("connection %d: %v", k, err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Millisecond))
			c.Write(b)
			io.Copy(io.Discard, c) // until the server or the deadline ends it
		})
	}
	wg.Wait()
}

// manyFiles lets this process, and the server it starts, have thousands of connections.
func manyFiles(t *testing.T) {
	t.Helper()
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	if l.Cur < 4096 {
		l.Cur = min(8192, l.Max)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
			t.Fatalf("allow more open files (ulimit -n): %v", err)
		}
	}
}
