package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"ironhook/internal/limit"
)

// Sockets are the sockets of one server. UDP 67 and 4011, bound to the interface, reserve
// the ports and send; a packet socket receives, because it shows the Ethernet source, and
// sends the frames to clients without an address.
type Sockets struct {
	ports map[uint16]*net.UDPConn
	raw   *packet.Conn
	iface *net.Interface
}

// Open opens the sockets of an interface. Its error is a [*SocketError].
func Open(ctx context.Context, iface *net.Interface) (*Sockets, error) {
	s := &Sockets{ports: map[uint16]*net.UDPConn{}, iface: iface}
	for _, port := range []uint16{serverPort, proxyPort} {
		conn, err := listen(ctx, iface.Name, port)
		if err != nil {
			return nil, errors.Join(&SocketError{iface.Name, port, err}, s.Close())
		}
		s.ports[port] = conn
	}
	filter, err := bpf.Assemble(requests)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("filter for %s: %w", iface.Name, err), s.Close())
	}
	raw, err := packet.Listen(iface, packet.Raw, unix.ETH_P_IP, &packet.Config{Filter: filter})
	if err != nil {
		return nil, errors.Join(&SocketError{iface.Name, serverPort, err}, s.Close())
	}
	s.raw = raw
	if err := limit.SetQueue(raw); err != nil {
		return nil, errors.Join(&SocketError{iface.Name, serverPort, err}, s.Close())
	}
	return s, nil
}

// Close closes the open sockets.
func (s *Sockets) Close() error {
	var errs []error
	for _, conn := range s.ports {
		errs = append(errs, conn.Close())
	}
	if s.raw != nil {
		errs = append(errs, s.raw.Close())
	}
	return errors.Join(errs...)
}

// listen opens a UDP port on one interface. Two servers may use the same port if each is
// bound to its own interface; any other conflict is an error.
func listen(ctx context.Context, iface string, port uint16) (*net.UDPConn, error) {
	deaf := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}} // lets in nothing
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var option error
		err := c.Control(func(fd uintptr) {
			option = errors.Join(
				unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, iface),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1),
				unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{
					Len: uint16(len(deaf)), Filter: &deaf[0],
				}))
		})
		return errors.Join(err, option)
	}}
	conn, err := config.ListenPacket(ctx, "udp4", fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// SocketError is a port on which a server cannot listen.
type SocketError struct {
	Interface string
	Port      uint16 // UDP
	Err       error
}

// Error names the port, the interface and the cause.
func (e *SocketError) Error() string {
	return fmt.Sprintf("open UDP port %d on %s: %v", e.Port, e.Interface, e.Err)
}

// Unwrap returns the cause.
func (e *SocketError) Unwrap() error { return e.Err }

// send sends a reply from the port that received the request.
func (s *Sockets) send(r *Reply, from netip.AddrPort) error {
	payload := r.Packet.ToBytes()
	if !r.Frame {
		_, err := s.ports[from.Port()].WriteToUDPAddrPort(payload, r.To)
		return err
	}
	to := r.Packet.ClientHWAddr
	if r.To.Addr() == everybody {
		to = broadcastMAC
	}
	iface, err := net.InterfaceByIndex(s.iface.Index) // as it is now: a bridge gets another card with its ports
	if err != nil {
		return err
	}
	_, err = s.raw.WriteTo(frame(payload, from, r.To, iface.HardwareAddr, to), &packet.Addr{HardwareAddr: to})
	return err
}
