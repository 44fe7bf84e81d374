package sandbox

import (
	"runtime"

	"github.com/elastic/go-seccomp-bpf"
)

// refused are the system calls that neither this program nor qemu-img makes, and with which
// a process that was taken over reaches for the kernel or other processes.
var refused = []string{
	// other processes
	"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
	// mounts and namespaces
	"mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr",
	"name_to_handle_at", "open_by_handle_at", "quotactl",
	// the kernel and the machine
	"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "acct", "syslog",
	"settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname",
	// large surfaces of the kernel
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key", "keyctl",
	"fanotify_init", "lookup_dcookie", "vhangup",
}

// refuseCalls makes the refused calls return EPERM, and returns how many they are, 0 if the
// kernel cannot.
func refuseCalls() (int, error) {
	if !seccomp.Supported() {
		return 0, nil
	}
	// The filter is loaded by the thread that has given up new privileges, and passed to all others.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return len(refused), seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{Names: refused, Action: seccomp.ActionErrno}},
		},
	})
}
