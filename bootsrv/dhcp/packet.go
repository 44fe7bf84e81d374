package dhcp

import (
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

const (
	serverPort = 67
	clientPort = 68
	proxyPort  = 4011 // PXE specification 2.1, section 2.2.4

	pxeClient  = "PXEClient"
	httpClient = "HTTPClient"
)

// encapsulated is iPXE's own option: options within an option.
var encapsulated = dhcpv4.GenericOptionCode(175)

var (
	// noProxyWait tells iPXE not to wait two seconds for a proxy when the full
	// server speaks (no-pxedhcp, 175.176).
	noProxyWait = dhcpv4.OptGeneric(encapsulated, []byte{176, 1, 1})
	// skipDiscovery is PXE_DISCOVERY_CONTROL with bit 3: load the file named
	// here, look for no other boot server.
	skipDiscovery = dhcpv4.OptGeneric(dhcpv4.OptionVendorSpecificInformation, []byte{6, 1, 8, 255})
)

// longestEcho is the longest option that is echoed. No more fits into one option; one
// assembled from several (RFC 3396) could make the answer larger than a frame.
const longestEcho = 255

// reply starts an answer of type t to p, of no type to a client of BOOTP. It echoes the identification of the sender as the
// standards require: the client identifier (RFC 6842), the relay's option (RFC 3046), the
// machine's GUID (RFC 4578).
func reply(p *dhcpv4.DHCPv4, t dhcpv4.MessageType, server netip.Addr) *dhcpv4.DHCPv4 {
	a := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: p.HWType, ClientHWAddr: p.ClientHWAddr,
		TransactionID: p.TransactionID, Flags: p.Flags, GatewayIPAddr: p.GatewayIPAddr,
		ClientIPAddr: net.IPv4zero, YourIPAddr: net.IPv4zero, ServerIPAddr: net.IPv4zero,
		Options: dhcpv4.Options{},
	}
	if t == dhcpv4.MessageTypeNone {
		return a
	}
	a.UpdateOption(dhcpv4.OptMessageType(t))
	a.UpdateOption(dhcpv4.OptServerIdentifier(server.AsSlice()))
	for _, code := range []dhcpv4.OptionCode{
		dhcpv4.OptionClientIdentifier, dhcpv4.OptionRelayAgentInformation, dhcpv4.OptionClientMachineIdentifier,
	} {
		if v := p.Options.Get(code); v != nil && len(v) <= longestEcho {
			a.UpdateOption(dhcpv4.OptGeneric(code, v))
		}
	}
	return a
}

// load adds the boot file, in the header for old firmware and as options for new. The
// options of a BOOTP client must fit into 64 bytes, so it gets the header only.
func load(a *dhcpv4.DHCPv4, file string, server netip.Addr) {
	a.ServerIPAddr = server.AsSlice()
	if len(file) < 128 {
		a.BootFileName = file
	}
	if a.MessageType() == dhcpv4.MessageTypeNone {
		return
	}
	a.UpdateOption(dhcpv4.OptTFTPServerName(server.String()))
	a.UpdateOption(dhcpv4.OptBootFileName(file))
}

// filesAt is the address of our TFTP server for this interface.
func (s *Server) filesAt() netip.Addr {
	if s.TFTP.IsValid() {
		return s.TFTP.Addr()
	}
	return s.Address.Addr()
}

// Reply is an answer with its destination.
type Reply struct {
	Packet *dhcpv4.DHCPv4
	// To is where the datagram goes.
	To netip.AddrPort
	// Frame is true when the client has no address yet, so the kernel cannot
	// find it: the frame is made by hand, for the client's card alone or, when
	// To is the broadcast address, for all.
	Frame bool
	// Fresh is true for an offer of an address that is new to the client, or that it had
	// long ago: another host may have it.
	Fresh bool
}

var everybody = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// route sets the destination of an answer (RFC 2131 section 4.1).
func route(a *dhcpv4.DHCPv4, ciaddr net.IP) *Reply {
	switch relay := addr(a.GatewayIPAddr); {
	case relay.IsValid() && !relay.IsUnspecified():
		if a.MessageType() == dhcpv4.MessageTypeNak {
			a.SetBroadcast() // the client cannot hear the relay otherwise
		}
		return &Reply{Packet: a, To: netip.AddrPortFrom(relay, serverPort)}
	case a.MessageType() == dhcpv4.MessageTypeNak:
		return &Reply{Packet: a, To: netip.AddrPortFrom(everybody, clientPort), Frame: true}
	}
	if c := addr(ciaddr); c.IsValid() && !c.IsUnspecified() {
		return &Reply{Packet: a, To: netip.AddrPortFrom(c, clientPort)}
	}
	if yours := addr(a.YourIPAddr); !a.IsBroadcast() && yours.IsValid() && !yours.IsUnspecified() {
		return &Reply{Packet: a, To: netip.AddrPortFrom(yours, clientPort), Frame: true}
	}
	return &Reply{Packet: a, To: netip.AddrPortFrom(everybody, clientPort), Frame: true}
}

// addr is ip as an IPv4 address, invalid when it is none.
func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip.To4())
	return a
}
