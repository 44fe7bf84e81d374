package appliance

import (
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

func TestPermitted(t *testing.T) {
	self := uint32(os.Geteuid())
	for uid, want := range map[uint32]bool{0: true, self: true, self + 1: false, 65534: self == 65534} {
		if got := permitted(uid); got != want {
			t.Errorf("permitted(%d) = %v, want %v", uid, got, want)
		}
	}
}

// TestLocalSocketIsForItsOwnersOnly comes as its owner to a socket that everybody may
// open (one in the abstract name space, unix(7), has no mode) and before that, where
// root runs the test and may become anybody, as a stranger.
func TestLocalSocketIsForItsOwnersOnly(t *testing.T) {
	name := "@ironhook-test-" + strconv.Itoa(os.Getpid())
	open, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	l := ownersOnly{open, slog.New(slog.DiscardHandler)}
	var stranger net.Conn
	if os.Geteuid() == 0 {
		stranger = dialAs(t, name, 65534)
		defer stranger.Close()
	}
	owner := dialAs(t, name, os.Geteuid())
	defer owner.Close()

	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if _, err := accepted.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := owner.Read(make([]byte, 1)); n != 1 {
		t.Errorf("the owner reads %d bytes (%v), want 1", n, err)
	}
	if stranger == nil {
		return
	}
	if n, err := stranger.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the stranger reads %d bytes (%v), want the end", n, err)
	}
}

// dialAs connects as another user: on a thread of its own, which ends with the
// goroutine because it stays locked.
func dialAs(t *testing.T, name string, uid int) net.Conn {
	t.Helper()
	type dialled struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialled, 1)
	go func() {
		runtime.LockOSThread()
		const unchanged = ^uintptr(0)
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, unchanged, uintptr(uid), unchanged); e != 0 {
			done <- dialled{nil, e}
			return
		}
		c, err := net.Dial("unix", name)
		done <- dialled{c, err}
	}()
	d := <-done
	if d.err != nil {
		t.Fatalf("connect as user %d: %v", uid, d.err)
	}
	return d.conn
}
