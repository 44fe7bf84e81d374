package filedisk

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// preadNoWait is preadv2 with RWF_NOWAIT (Linux 4.14): it reads what the page
// cache has and returns how much that was, less than 0 on any error: EAGAIN
// where it would wait, EOPNOTSUPP on file systems that cannot say. The wrapper
// of x/sys/unix takes a slice of slices, which would allocate on every read.
func preadNoWait(fd int, p []byte, off int64) int {
	if len(p) == 0 {
		return 0
	}
	vec := unix.Iovec{Base: &p[0], Len: uint64(len(p))}
	n, _, errno := unix.Syscall6(unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&vec)), 1,
		uintptr(off), 0, unix.RWF_NOWAIT)
	if errno != 0 {
		return -1
	}
	return int(n)
}
