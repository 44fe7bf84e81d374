package netlink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// errShort is a message that ends before its fixed part does.
var errShort = errors.New("netlink message cut short")

// attribute is one attribute of a message, its type and its value.
type attribute struct {
	kind  uint16
	value []byte
}

// put appends a to b, padded as netlink(7) requires.
func (a attribute) put(b []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(a.value)))
	b = binary.NativeEndian.AppendUint16(b, a.kind)
	b = append(b, a.value...)
	return append(b, make([]byte, padding(len(a.value)))...)
}

func padding(n int) int { return -n & (unix.RTA_ALIGNTO - 1) }

// attributes reads the attributes after the fixed part, of size bytes, of a message. The
// last of several equal ones counts.
func attributes(b []byte, size int) (map[uint16][]byte, error) {
	if len(b) < size {
		return nil, errShort
	}
	all := map[uint16][]byte{}
	for b = b[size:]; len(b) >= unix.SizeofRtAttr; {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofRtAttr || length > len(b) {
			return nil, errShort
		}
		all[binary.NativeEndian.Uint16(b[2:])&^unix.NLA_F_NESTED] = b[unix.SizeofRtAttr:length]
		b = b[min(len(b), length+padding(length)):]
	}
	return all, nil
}

// ask sends one request of type kind and returns the body of the answer, of type want. An
// error of the kernel is a [syscall.Errno].
func ask(kind, want uint16, body []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing is written that could be lost
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	const sequence = 1
	header := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	header = binary.NativeEndian.AppendUint16(header, kind)
	header = binary.NativeEndian.AppendUint16(header, unix.NLM_F_REQUEST)
	header = binary.NativeEndian.AppendUint32(header, sequence)
	header = binary.NativeEndian.AppendUint32(header, 0) // port id 0: the kernel assigns one
	if err := unix.Sendto(fd, append(header, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	buffer := make([]byte, 8192)
	n, _, err := unix.Recvfrom(fd, buffer, 0)
	if err != nil {
		return nil, os.NewSyscallError("recvfrom", err)
	}
	return answer(buffer[:n], want)
}

// answer returns the body of the only message in b.
func answer(b []byte, want uint16) ([]byte, error) {
	messages, err := syscall.ParseNetlinkMessage(b)
	if err != nil || len(messages) == 0 {
		return nil, errShort
	}
	m := messages[0]
	switch {
	case m.Header.Type == unix.NLMSG_ERROR && len(m.Data) >= 4:
		return nil, syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
	case m.Header.Type != want:
		return nil, fmt.Errorf("netlink answered with message type %d, not %d", m.Header.Type, want)
	}
	return m.Data, nil
}
