package dhcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/internal/limit"
	"ironhook/internal/timing"
	"ironhook/store"
)

// Config is the configuration of a server on one interface.
type Config struct {
	Interface *net.Interface
	Address   netip.Prefix // ours on the interface, with the subnet's length
	Mode      Mode         // Proxy or Full
	Yield     bool         // probes for another server and yields to it
	Unsure    bool         // with Yield: no probe has been sent yet, and the first one decides
	Range     Range        // inside the subnet; needed for Full and Yield
	Router    netip.Addr   // offered to clients; invalid for none
	DNS       []netip.Addr // likewise
	Relays    []Relay
	// Card is the Ethernet address to which frames for an address are sent, its own or a
	// router's, nil for none. It is needed for relays.
	Card  func(context.Context, netip.Addr) net.HardwareAddr
	HTTP  netip.AddrPort // where the boot files are; the zero value for nowhere
	TFTP  netip.AddrPort // likewise; firmware looks at port 69 only
	Files map[string][]byte
	// Root is the disk that the firmware of an enrolled machine attaches by itself, by its
	// MAC address; nil for none ever.
	Root func(*store.Tx, string) (Root, error)
	// Signed reports whether an enrolled machine is to load signed programs, those of
	// [ipxe.SecureFolder] in Files; nil for none ever.
	Signed func(*store.Tx, string) (bool, error)

	Store   *store.Store
	Times   *timing.Set // counts the messages
	Journal *journal.Journal
	Log     *slog.Logger
}

// Server answers the clients of one interface. It is safe for concurrent use.
type Server struct {
	Config
	proxy     atomic.Bool
	next      map[Range]*atomic.Uint32 // see pool
	strangers *limit.Bucket            // limits leases of machines that are not enrolled
	conflicts *limit.Bucket            // limits quarantined addresses
	unsent    *limit.Bucket            // limits logged failures
	hearsay   *limit.Bucket            // limits logged foreign cards
	lines     *limit.Bucket            // limits logged machines without an address
	contests  chan contest
	doubt     chan struct{} // requests a probe
	probe     func(context.Context) (netip.Addr, error)
}

// New returns a server that has opened nothing.
func New(c Config) *Server {
	s := &Server{
		Config: c, strangers: limit.NewBucket(limit.StrangerLeases), conflicts: limit.NewBucket(limit.AddressConflicts),
		unsent:  limit.NewBucket(limit.UnsentReplies),
		hearsay: limit.NewBucket(limit.HearsayLines), lines: limit.NewBucket(limit.ExhaustedLines), contests: make(chan contest, maxContests),
		doubt: make(chan struct{}, 1),
		next:  map[Range]*atomic.Uint32{c.Range: {}},
	}
	for _, r := range c.Relays {
		s.next[r.Range] = &atomic.Uint32{}
	}
	s.probe = func(ctx context.Context) (netip.Addr, error) { return Probe(ctx, s.Interface) }
	s.proxy.Store(c.Mode != Full)
	return s
}

// Working is the present mode: with Yield, Full may have become Proxy, and Proxy Full.
func (s *Server) Working() Mode {
	if s.proxy.Load() {
		return Proxy
	}
	return Full
}

// Request is a packet and where it came in.
type Request struct {
	Packet *dhcpv4.DHCPv4
	Card   net.HardwareAddr // Ethernet source of its frame
	From   netip.AddrPort
	Port   uint16 // ours: 67 or 4011
}

// exchange is one request with the records of its sender.
type exchange struct {
	Request
	client
	net subnet
	// hearsay is true if the frame came from another card than the one in the message, and
	// from no relay that the operator has named: from an unknown relay, or a forger. It is
	// answered, for relays, but changes no lease and makes no event of the machine.
	hearsay bool
	mac     string
	port    *baremetal.Port  // nil for a stranger
	lease   *baremetal.Lease // nil for none
	events  []baremetal.Event
	refusal error
	file    string // to load, "" for nothing
	unfixed string // why the machine does not get the address of its port
	root    Root
	signed  bool // the firmware is to load a signed program
}

// Handle answers one packet; nil means no answer. The lease in the answer is in the store
// when Handle returns. An error is the store's; the client gets no answer and repeats its
// request.
func (s *Server) Handle(ctx context.Context, r Request) (*Reply, error) {
	if !wellFormed(r.Packet) {
		return nil, nil
	}
	x := &exchange{Request: r, client: identify(r.Packet), mac: r.Packet.ClientHWAddr.String()}
	if s.locate(ctx, x); s.elsewhere(x) {
		return nil, s.reportRelay(ctx, x)
	}
	if x.hearsay && s.hearsay.Take(time.Now()) {
		s.Log.Warn("a DHCP message did not come from the card that it names: it proves nothing of that machine",
			"interface", s.Interface.Name, "mac", x.mac, "card", r.Card, "from", r.From, "message", r.Packet.MessageType())
	}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if x.port, err = tx.Ports().Find(x.mac); err != nil {
			return err
		}
		x.suit()
		if err = s.fix(tx, x); err != nil {
			return err
		}
		if x.lease, err = tx.Leases().Find(x.mac); err == nil && s.Root != nil && x.wantsRoot() {
			x.root, err = s.Root(tx, x.mac)
		}
		if err == nil && s.Signed != nil && x.port != nil && (x.kind == pxe || x.kind == uefi) {
			x.signed, err = s.Signed(tx, x.mac)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.chooseFile(x)
	if h := x.handler(); h != nil {
		return h(s, ctx, x)
	}
	return nil, nil
}

// message selects a handler.
type message struct {
	port uint16
	kind dhcpv4.MessageType
}

type handler func(*Server, context.Context, *exchange) (*Reply, error)

var fullHandlers = map[message]handler{
	{serverPort, dhcpv4.MessageTypeNone}:     (*Server).bootp,
	{serverPort, dhcpv4.MessageTypeDiscover}: (*Server).discover,
	{serverPort, dhcpv4.MessageTypeRequest}:  (*Server).request,
	{serverPort, dhcpv4.MessageTypeDecline}:  (*Server).decline,
	{serverPort, dhcpv4.MessageTypeRelease}:  (*Server).release,
	{serverPort, dhcpv4.MessageTypeInform}:   (*Server).inform,
	{proxyPort, dhcpv4.MessageTypeRequest}:   (*Server).proxyRequest,
}

var proxyHandlers = map[message]handler{
	{serverPort, dhcpv4.MessageTypeDiscover}: (*Server).proxyDiscover,
	{serverPort, dhcpv4.MessageTypeRequest}:  (*Server).watch,
	{proxyPort, dhcpv4.MessageTypeRequest}:   (*Server).proxyRequest,
	{proxyPort, dhcpv4.MessageTypeInform}:    (*Server).proxyRequest,
}

// wellFormed reports whether p is a request of an Ethernet client.
func wellFormed(p *dhcpv4.DHCPv4) bool {
	mac := p.ClientHWAddr
	ethernet := p.HWType == iana.HWTypeEthernet || p.HWType == iana.HWTypeIEEE802 // as some firmware calls it
	return p.OpCode == dhcpv4.OpcodeBootRequest && ethernet &&
		len(mac) == 6 && mac[0]&1 == 0 && mac.String() != "00:00:00:00:00:00"
}

// chooseFile sets the boot file of a booting client, or why it gets none.
func (s *Server) chooseFile(x *exchange) {
	if x.kind == system {
		return
	}
	if x.port != nil && !x.port.PXEEnabled {
		x.refusal = errors.New("port has pxe_enabled false")
		return
	}
	x.file, x.refusal = x.bootFile(s.Config, x.mac, x.signed)
}

// note adds an event of the client if the journal admits it. Only booting clients have
// events; those of operating systems would drown them.
func (s *Server) note(x *exchange, kind baremetal.EventKind, detail string) {
	s.record(x, baremetal.Event{Kind: kind, Detail: detail})
}

// noteRefusal records why a booting client gets no boot file.
func (s *Server) noteRefusal(x *exchange) {
	s.record(x, baremetal.Event{Kind: baremetal.EventRefused, Step: baremetal.EventOffer,
		Detail: fmt.Sprintf("%s: no boot file, %v", x.client, x.refusal)})
}

func (s *Server) record(x *exchange, e baremetal.Event) {
	e.MAC = x.mac
	if x.port != nil {
		e.Node = x.port.NodeUUID
	}
	if x.kind != system && !x.hearsay && s.Journal.Admit(e) {
		x.events = append(x.events, e)
	}
}

// commit makes change, which may be nil, and appends the events of x in one transaction.
// Without either it does nothing.
func (s *Server) commit(ctx context.Context, x *exchange, change func(tx *store.Tx) error) error {
	if change == nil && len(x.events) == 0 {
		return nil
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		if change != nil {
			if err := change(tx); err != nil {
				return err
			}
		}
		for _, e := range x.events {
			if err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
}
