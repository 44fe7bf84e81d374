package volumes_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A cutter ends a program before its n-th change of the files below a directory, counted from
// when it begins to watch. It watches by ptrace(2), from a process of its own: this one waits
// for its own children.
type cutter struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

const cutterEnv = "IRONHOOK_CUTTER"

// cut begins to watch. Points count from 1; 0 only counts.
func cut(t *testing.T, pid int, dir string, point int) *cutter {
	t.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:noctx // ended in order
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", cutterEnv, pid, point, dir))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &cutter{cmd, in, bufio.NewReader(out)}
	if line, err := c.out.ReadString('\n'); err != nil || line != "watching\n" {
		t.Fatalf("cutter: %q, %v", line, err)
	}
	return c
}

// done ends the watch, and returns how many changes there were.
func (c *cutter) done(t *testing.T) int {
	t.Helper()
	_ = c.in.Close() // it may have ended
	line, err := c.out.ReadString('\n')
	n, err2 := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, err2, c.cmd.Wait()); err != nil {
		t.Fatalf("cutter: %q, %v", line, err)
	}
	return n
}

// beCutter is that process: TestMain runs it instead of the tests. It ends when its standard
// input does; ptrace then lets go of the program.
func beCutter(task string) (status int) {
	var w watch
	_, err := fmt.Sscan(task, &w.pid, &w.point, &w.dir)
	if err == nil {
		watched := make(chan error, 1)
		go func() { watched <- w.run() }()
		go func() {
			_, err := io.Copy(io.Discard, os.Stdin)
			watched <- err
		}()
		if err = <-watched; err == nil {
			fmt.Println(w.seen.Load())
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, "cutter:", err)
	return 1
}

type watch struct {
	pid, point int
	dir        string
	seen       atomic.Int64
}

// The parts of ptrace(2) that x/sys/unix leaves out.
const (
	ptraceSeize       = 0x4206
	ptraceSyscallInfo = 0x420e
	traceOptions      = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE
	syscallStop       = unix.SIGTRAP | 0x80
)

func (w *watch) run() error {
	runtime.LockOSThread() // a tracer is a thread
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", w.pid))
	if err != nil || len(threads) == 0 {
		return fmt.Errorf("process %d has no threads: %w", w.pid, err)
	}
	for _, thread := range threads {
		tid, err := strconv.Atoi(filepath.Base(thread))
		if err != nil {
			return err
		}
		if _, _, e := unix.Syscall6(unix.SYS_PTRACE, ptraceSeize, uintptr(tid), 0, traceOptions, 0, 0); e != 0 && e != unix.ESRCH {
			return fmt.Errorf("ptrace: %w", e)
		}
		_ = unix.PtraceInterrupt(tid) // a thread that has ended needs none
	}
	fmt.Println("watching")
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return nil
		case err != nil:
			return err
		case !status.Stopped():
			continue // it ended
		}
		if err := w.stopped(tid, status); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
}

// stopped lets a thread go on, with its signal if it has one, unless this is the point.
func (w *watch) stopped(tid int, status unix.WaitStatus) error {
	signal := 0
	switch s := status.StopSignal(); {
	case s == syscallStop:
		if w.changes(tid) && w.seen.Add(1) == int64(w.point) {
			return unix.Kill(w.pid, unix.SIGKILL)
		}
	case int(status)>>16 == 0: // else a stop of ptrace's own, such as that of a new thread

		signal = int(s)
	}
	return unix.PtraceSyscall(tid, signal)
}

// byDescriptor are the system calls that change the file that their first argument is, and
// byPath those that change a directory.
var byDescriptor, byPath = map[uint64]bool{
	unix.SYS_WRITE: true, unix.SYS_WRITEV: true, unix.SYS_PWRITE64: true, unix.SYS_PWRITEV: true, unix.SYS_FTRUNCATE: true,
	unix.SYS_FALLOCATE: true,
	unix.SYS_FSYNC:     true, unix.SYS_FDATASYNC: true,
}, map[uint64]bool{
	unix.SYS_RENAMEAT: true, unix.SYS_RENAMEAT2: true, unix.SYS_LINKAT: true, unix.SYS_UNLINKAT: true, unix.SYS_MKDIRAT: true,
}

// changes reports whether a thread enters a system call that changes something.
func (w *watch) changes(tid int) bool {
	var info [88]byte // struct ptrace_syscall_info
	if _, _, e := unix.Syscall6(unix.SYS_PTRACE, ptraceSyscallInfo, uintptr(tid), uintptr(len(info)), uintptr(unsafe.Pointer(&info)), 0,
		0); e != 0 || info[0] != 1 {
		return false
	}
	call, first := binary.NativeEndian.Uint64(info[24:]), binary.NativeEndian.Uint64(info[32:])
	if !byDescriptor[call] {
		return byPath[call]
	}
	file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", w.pid, int32(first)))
	return err == nil && strings.HasPrefix(file, w.dir)
}
