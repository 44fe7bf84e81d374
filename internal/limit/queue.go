package limit

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Queue is the memory in bytes that the kernel may hold for a socket that all machines of a
// room send to at once. A datagram of 300 bytes takes about 1,280, so that the default of
// Linux (212,992) holds 166, and this more than 3,000.
const Queue = 4 << 20

// SetQueue makes the receive queue of a socket [Queue] bytes long, or without CAP_NET_ADMIN
// as long as net.core.rmem_max allows.
func SetQueue(c syscall.Conn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var option error
	err = raw.Control(func(fd uintptr) {
		// The kernel doubles the number (socket(7)).
		if option = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, Queue/2); errors.Is(option, unix.EPERM) {
			option = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, Queue/2)
		}
	})
	return errors.Join(err, option)
}
