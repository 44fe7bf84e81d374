package lab

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// tagged is the EtherType of a frame with a tag of IEEE 802.1Q.
const tagged = 0x8100

// VLAN makes an interface of the segment in the VLAN of the boot network with that tag, with
// an address. The kernel of a host may know no VLANs, so the lab tags the frames itself,
// between this interface and a port of the bridge.
func (l *Lab) VLAN(s *Segment, name string, tag uint16, address string) error {
	port := name + "-port"
	err := l.IP(fmt.Sprintf("tuntap add dev %[1]s mode tap\nlink set %[1]s master %[2]s up\n", port, Bridge))
	if err != nil {
		return err
	}
	err = s.Run(fmt.Sprintf("tuntap add dev %[1]s mode tap\naddress add %[2]s dev %[1]s\nlink set %[1]s up\n", name, address), "ip", "-batch",
		"-")
	if err != nil {
		return err
	}
	inside, err := l.openTap(s.ns, name)
	if err != nil {
		return err
	}
	trunk, err := l.openTap(l.ns, port)
	if err != nil {
		return err
	}
	l.tasks.Go(func() { pass(trunk, inside, func(frame []byte) []byte { return untag(frame, tag) }) })
	l.tasks.Go(func() { pass(inside, trunk, func(frame []byte) []byte { return addTag(frame, tag) }) })
	return nil
}

// pass hands frames on, as change makes them, until the lab closes; nil is for none.
func pass(from, to *os.File, change func([]byte) []byte) {
	frame := make([]byte, 65536)
	for {
		n, err := from.Read(frame)
		if err != nil {
			return
		}
		if out := change(frame[:n]); out != nil {
			to.Write(out) // a frame may be lost, as on any network
		}
	}
}

// untag is a frame of the VLAN without its tag, nil for another frame.
func untag(frame []byte, tag uint16) []byte {
	if len(frame) < 18 || binary.BigEndian.Uint16(frame[12:]) != tagged || binary.BigEndian.Uint16(frame[14:])&0xfff != tag {
		return nil
	}
	return append(frame[:12:12], frame[16:]...)
}

// addTag is a frame with the tag of the VLAN.
func addTag(frame []byte, tag uint16) []byte {
	if len(frame) < 14 {
		return nil
	}
	out := binary.BigEndian.AppendUint16(frame[:12:12], tagged)
	return append(binary.BigEndian.AppendUint16(out, tag), frame[12:]...)
}

// openTap opens the host's end of a tap interface. It closes with the lab.
func (l *Lab) openTap(ns netns, name string) (tap *os.File, err error) {
	err = ns.do(func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		request, err := unix.NewIfreq(name)
		if err == nil {
			request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
		}
		if err != nil {
			unix.Close(fd)
			return err
		}
		tap = os.NewFile(uintptr(fd), name) // non-blocking: Close ends a Read
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, tap)
	return tap, nil
}
