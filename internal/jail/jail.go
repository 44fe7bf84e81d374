// Package jail starts programs that work on files which strangers may have made. Such a program may
// read what programs need to run, and the files that it is given; it may write to those of them that
// are open for writing; it has no network. So what takes it over reaches neither the database nor
// the other disks, whoever the user is.
package jail

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/elastic/go-seccomp-bpf"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// system is what a program may read: programs and libraries wherever systems have them, and what
// the loader and libraries look up.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store",
	"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssl", "/etc/gnutls", "/etc/crypto-policies",
	"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
}

// Start starts cmd with its ExtraFiles as the files that it is given. Where the kernel has no
// Landlock or no seccomp, the program has what its user has.
func Start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		// What the thread gives up is inherited by the program that it starts. The thread ends with
		// this goroutine, as it stays locked; the runtime never makes others of a locked one.
		runtime.LockOSThread()
		err := confine(cmd)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	return <-started
}

// confine gives up the rights of this thread.
func confine(cmd *exec.Cmd) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := leaveFiles(cmd); err != nil {
		return fmt.Errorf("confine %s by landlock: %w", cmd.Path, err)
	}
	if !seccomp.Supported() {
		return nil
	}
	return seccomp.LoadFilter(seccomp.Filter{Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{Names: []string{"socket", "ptrace", "process_vm_readv", "process_vm_writev", "kill", "tkill"},
			Action: seccomp.ActionErrno}},
	}})
}

const (
	reads  = llsys.AccessFSExecute | llsys.AccessFSReadFile | llsys.AccessFSReadDir
	writes = llsys.AccessFSWriteFile | llsys.AccessFSTruncate
	first  = llsys.AccessFSRefer - 1 // all rights of the first version
)

// leaveFiles restricts this thread to the files of the system and those of cmd.
func leaveFiles(cmd *exec.Cmd) error {
	version, err := llsys.LandlockGetABIVersion()
	if err != nil || version < 1 {
		return nil // an old kernel
	}
	handled := uint64(first)
	if version >= 2 {
		handled |= llsys.AccessFSRefer
	}
	if version >= 3 {
		handled |= llsys.AccessFSTruncate
	}
	rules, err := llsys.LandlockCreateRuleset(&llsys.RulesetAttr{HandledAccessFS: handled}, 0)
	if err != nil {
		return err
	}
	defer unix.Close(rules)
	for _, path := range append([]string{filepath.Dir(cmd.Path)}, system...) {
		if err := allow(rules, path, reads&handled); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, f := range cmd.ExtraFiles {
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		rights := uint64(llsys.AccessFSReadFile)
		if flags&unix.O_ACCMODE != unix.O_RDONLY {
			rights |= writes
		}
		if err = errors.Join(err, allow(rules, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), rights&handled)); err != nil {
			return err
		}
	}
	return llsys.LandlockRestrictSelf(rules, 0)
}

// allow adds the rights to what is at path, and below it.
func allow(rules int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= llsys.AccessFSExecute | llsys.AccessFSReadFile | writes // the others are of directories
	}
	return llsys.LandlockAddPathBeneathRule(rules, &llsys.PathBeneathAttr{AllowedAccess: rights, ParentFd: fd}, 0)
}
