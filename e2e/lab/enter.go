package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// scratchEnv is the path of the scratch folder for the process inside the namespaces. It
// is set only there.
const scratchEnv = "IRONHOOK_LAB_SCRATCH"

// Run runs main in namespaces of its own and returns its exit code. It belongs
// at the very start of a program, before flags are parsed:
//
//	func main() { os.Exit(lab.Run(demo)) }
//
// The program is started a second time, as first process of a PID namespace with
// its own mounts (and, without root, as root of a user namespace). When that
// process ends, however it ends, the kernel ends whatever it started. The outer
// process passes signals on, waits, and removes the scratch folder.
//
// The host's network stays in reach from main; each Lab makes its own.
func Run(main func() int) int {
	if len(os.Args) > 1 && os.Args[1] == chassisCommand {
		return chassisMain(os.Args[2:])
	}
	var err error
	code := 1
	if os.Getenv(scratchEnv) == "" {
		code, err = enter()
	} else if err = settle(); err == nil {
		code = main()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	return code
}

// RunTests is Run for a test program. A short run, in which whoever needs a lab
// skips itself, stays outside:
//
//	func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }
func RunTests(tests func() int) int {
	for _, arg := range os.Args[1:] {
		if arg == "-test.short" || arg == "-test.short=true" {
			return tests()
		}
	}
	return Run(tests)
}

// enter starts this program again in new namespaces and waits for it.
func enter() (int, error) {
	scratch, err := makeScratch()
	if err != nil {
		return 1, err
	}
	defer scratch.remove()
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), scratchEnv+"="+scratch.dir)
	cmd.SysProcAttr = namespaces()
	runtime.LockOSThread() // Pdeathsig is tied to the thread that forks
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("make namespaces: %w (run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1)", err)
	}
	stop := forward(cmd.Process)
	defer stop()
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

func namespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// forward passes the signals that ask a program to end on to p until stop.
func forward(p *os.Process) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for {
			select {
			case s := <-signals:
				p.Signal(s) // an error means that it has ended: that is what was asked
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-finished
	}
}

// settle makes the new namespaces fit to live in.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// scratch is a folder that lives as long as the process that holds its lock.
type scratch struct {
	dir  string
	lock *os.File
}

// makeScratch makes one, after removing those whose process was killed. It is
// under the repository's build folder, not in /tmp, since volumes belong on a
// disk and /tmp is often memory.
func makeScratch() (scratch, error) {
	root, err := Root()
	if err != nil {
		return scratch{}, err
	}
	base := filepath.Join(root, "build", "labs")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return scratch{}, err
	}
	sweep(base)
	dir, err := os.MkdirTemp(base, "lab-")
	if err != nil {
		return scratch{}, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return scratch{}, fmt.Errorf("lock %s: %w", dir, err)
	}
	return scratch{dir, lock}, nil
}

func (s scratch) remove() {
	os.RemoveAll(s.dir)
	s.lock.Close()
}

// sweep removes the scratch folders that no process holds any more.
func sweep(base string) {
	stale, _ := filepath.Glob(filepath.Join(base, "lab-*"))
	for _, dir := range stale {
		if lock, err := lockDir(dir); err == nil {
			scratch{dir, lock}.remove()
		}
	}
}

func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Root returns the top folder of the repository, the one with go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside the repository (no go.mod above the working folder)")
		}
	}
}
