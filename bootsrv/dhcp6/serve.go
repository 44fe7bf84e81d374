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
	Relays     []netip.Prefix // addresses of relays in the networks of their machines, with the subnets' lengths
	// Card is the Ethernet address to which frames for an address are sent, its own or a
	// router's, nil for none. It is needed for relays.
	Card func(context.Context, netip.Addr) net.HardwareAddr
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
	each *limit.Buckets[[6]byte] // of a card
	said *limit.Bucket           // limits logged conflicts
	conn *net.UDPConn            // sends, and keeps the port
	raw  *packet.Conn            // receives, with the Ethernet source
}

// New returns a server that has opened nothing. It is known by the card of the interface.
func New(c Config) *Server {
	duid := &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: c.Interface.HardwareAddr}
	return &Server{Config: c, duid: duid, rate: limit.NewBucket(limit.Requests6),
		each: limit.NewBuckets[[6]byte](limit.EachRequest6, maxCards), said: limit.NewBucket(limit.HearsayLines)}
}

// maxCards is how many cards are told apart in the limit of each.
const maxCards = 4096

// admit reports whether one more message of a card is answered.
func (s *Server) admit(card net.HardwareAddr, now time.Time) bool {
	return len(card) == 6 && s.each.Take([6]byte(card), now) && s.rate.Take(now)
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
		if d, ok := unwrap(buffer[:n]); ok {
			s.exchange(ctx, d)
		}
	}
}

// exchange answers one datagram. Anything but DHCPv6 is dropped in silence.
func (s *Server) exchange(ctx context.Context, d datagram) {
	a, err := s.respond(ctx, d)
	if err != nil {
		s.Log.Error("DHCPv6 message not answered; the client will ask again", "interface", s.Interface.Name, "card", d.card, "error", err)
		limit.Backoff(ctx)
		return
	}
	if a == nil {
		return
	}
	to := netip.AddrPortFrom(d.from.Addr(), clientPort)
	if a.IsRelay() {
		to = netip.AddrPortFrom(d.from.Addr(), serverPort)
	}
	if to.Addr().IsLinkLocalUnicast() {
		to = netip.AddrPortFrom(to.Addr().WithZone(s.Interface.Name), to.Port())
	}
	if _, err := s.conn.WriteToUDPAddrPort(a.ToBytes(), to); err != nil {
		s.Log.Debug("DHCPv6 answer not sent", "interface", s.Interface.Name, "card", d.card, "to", to, "error", err)
	}
}

// respond makes the answer to a datagram, nil for silence. A machine itself sends from its
// link-local address.
func (s *Server) respond(ctx context.Context, d datagram) (dhcpv6.DHCPv6, error) {
	q, err := dhcpv6.FromBytes(d.payload)
	if err != nil {
		return nil, nil
	}
	switch q := q.(type) {
	case *dhcpv6.RelayMessage:
		return s.forward(ctx, q, d)
	case *dhcpv6.Message:
		if !d.from.Addr().IsLinkLocalUnicast() || !s.admit(d.card, time.Now()) {
			return nil, nil
		}
		a, err := s.Handle(ctx, q, Sender{d.card, s.Address})
		if a == nil {
			return nil, err // not a nil in an interface
		}
		return a, err
	}
	return nil, nil
}

// datagram is a UDP datagram with the card that its frame came from.
type datagram struct {
	card    net.HardwareAddr
	from    netip.AddrPort
	to      netip.Addr
	payload []byte
}

// unwrap reads an Ethernet frame that the filter has let in. It reports whether the frame is
// whole and has a single sender.
func unwrap(f []byte) (d datagram, ok bool) {
	if len(f) < ethernetHeader+ipHeader+udpHeader {
		return d, false
	}
	ip := f[ethernetHeader:]
	udp := ip[ipHeader:]
	size := int(binary.BigEndian.Uint16(udp[4:]))
	a := netip.AddrFrom16([16]byte(ip[8:24]))
	if ip[0]>>4 != 6 || size < udpHeader || size > len(udp) || a.IsMulticast() || a.IsUnspecified() || a.Is4In6() || f[6]&1 != 0 {
		return d, false
	}
	return datagram{
		card: net.HardwareAddr(append([]byte(nil), f[6:12]...)),
		from: netip.AddrPortFrom(a, binary.BigEndian.Uint16(udp)), to: netip.AddrFrom16([16]byte(ip[24:40])),
		payload: udp[udpHeader:size],
	}, true
}
