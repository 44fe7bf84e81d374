package limit

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// The datagrams of a thousand machines wait in the queue of a socket.
func TestQueue(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	length := func() (n int) {
		raw, err := conn.SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) { n, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF) })
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := length()
	if err := SetQueue(conn); err != nil {
		t.Fatal(err)
	}
	if after := length(); after != Queue && after < 3*before/2 {
		t.Errorf("the queue has %d bytes, before %d; want %d, or what the kernel allows", after, before, Queue)
	}
}
