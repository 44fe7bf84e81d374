package dhcp6

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"ironhook/bootsrv/journal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Config is the configuration of a server on one interface.
type Config struct {
	Interface  *net.Interface
	Address    netip.Prefix // ours on the interface, [Usable]
	HTTP, TFTP uint16       // ports on which boot files are served at our address, 0 for none
	Files      map[string][]byte
	// Signed reports whether an enrolled machine is to load signed programs; nil for none ever.
	Signed func(*store.Tx, string) (bool, error)

	Store   *store.Store
	Journal *journal.Journal
	Log     *slog.Logger
}

// Server answers the enrolled machines of one interface.
type Server struct {
	Config
	duid dhcpv6.DUID
	rate *limit.Bucket
	said *limit.Bucket // limits logged conflicts
	conn *net.UDPConn  // sends, and keeps the port
	raw  *packet.Conn  // receives, with the Ethernet source
}

// New returns a server that has opened nothing. It is known by the card of the interface.
func New(c Config) *Server {
	duid := &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: c.Interface.HardwareAddr}
	return &Server{Config: c, duid: duid, rate: limit.NewBucket(limit.Requests6), said: limit.NewBucket(limit.HearsayLines)}
}

const (
	serverPort = 547
	clientPort = 546

	ethernetHeader = 14
	ipHeader       = 40
	udpHeader      = 8
	protocolUDP    = 17
)

// allServers is the group that clients send to (RFC 8415 section 7.1).
var allServers = net.ParseIP("ff02::1:2")

// requests is the filter for datagrams of IPv6 without extension headers to our port.
var requests = []bpf.Instruction{
	bpf.LoadExtension{Num: bpf.ExtType},
	bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: 2, SkipTrue: 5},
	bpf.LoadAbsolute{Off: ethernetHeader + 6, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolUDP, SkipTrue: 3},
	bpf.LoadAbsolute{Off: ethernetHeader + ipHeader + 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: serverPort, SkipTrue: 1},
	bpf.RetConstant{Val: 1 << 16},
	bpf.RetConstant{Val: 0},
}

// Open opens the sockets.
func (s *Server) Open(ctx context.Context) error {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var option error
		err := c.Control(func(fd uintptr) {
			option = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, s.Interface.Name)
		})
		return errors.Join(err, option)
	}}
	conn, err := config.ListenPacket(ctx, "udp6", fmt.Sprintf("[::]:%d", serverPort))
	if err != nil {
		return fmt.Errorf("open UDP port %d on %s: %w", serverPort, s.Interface.Name, err)
	}
	s.conn = conn.(*net.UDPConn)
	filter, err := bpf.Assemble(requests)
	if err == nil {
		err = ipv6.NewPacketConn(s.conn).JoinGroup(s.Interface, &net.UDPAddr{IP: allServers})
	}
	if err == nil {
		s.raw, err = packet.Listen(s.Interface, packet.Raw, unix.ETH_P_IPV6, &packet.Config{Filter: filter})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("receive DHCPv6 on %s: %w", s.Interface.Name, err), s.Close())
	}
	return limit.SetQueue(s.raw)
}

// Close closes the sockets.
func (s *Server) Close() error {
	err := s.conn.Close()
	if s.raw != nil {
		err = errors.Join(err, s.raw.Close())
	}
	return err
}

// Serve answers until ctx ends, and closes the sockets.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	buffer := make([]byte, 4096)
	for {
		n, _, err := s.raw.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			s.Log.Warn("DHCPv6 socket", "interface", s.Interface.Name, "error", err)
			limit.Backoff(ctx)
			continue
		}
		card, from, payload := unwrap(buffer[:n])
		if payload == nil || !s.rate.Take(time.Now()) {
			continue
		}
		s.exchange(ctx, card, from, payload)
	}
}

// exchange answers one message. Anything but DHCPv6 is dropped in silence.
func (s *Server) exchange(ctx context.Context, card net.HardwareAddr, from netip.AddrPort, payload []byte) {
	q, err := dhcpv6.MessageFromBytes(payload)
	if err != nil {
		return
	}
	a, err := s.Handle(ctx, q, card)
	if err != nil {
		s.Log.Error("DHCPv6 message not answered; the client will ask again", "interface", s.Interface.Name, "mac", card, "error", err)
		limit.Backoff(ctx)
		return
	}
	if a == nil {
		return
	}
	to := netip.AddrPortFrom(from.Addr().WithZone(s.Interface.Name), clientPort)
	if _, err := s.conn.WriteToUDPAddrPort(a.ToBytes(), to); err != nil {
		s.Log.Debug("DHCPv6 answer not sent", "interface", s.Interface.Name, "mac", card, "to", to, "error", err)
	}
}

// unwrap reads an Ethernet frame that the filter has let in: the card that it came from, the
// link-local address of its sender, and the message; nil for a frame that is cut off or
// did not begin on this link.
func unwrap(f []byte) (card net.HardwareAddr, from netip.AddrPort, payload []byte) {
	if len(f) < ethernetHeader+ipHeader+udpHeader {
		return nil, from, nil
	}
	ip := f[ethernetHeader:]
	udp := ip[ipHeader:]
	size := int(binary.BigEndian.Uint16(udp[4:]))
	a := netip.AddrFrom16([16]byte(ip[8:24]))
	if ip[0]>>4 != 6 || size < udpHeader || size > len(udp) || !a.IsLinkLocalUnicast() || f[6]&1 != 0 {
		return nil, from, nil
	}
	card = net.HardwareAddr(append([]byte(nil), f[6:12]...))
	return card, netip.AddrPortFrom(a, binary.BigEndian.Uint16(udp)), udp[udpHeader:size]
}
