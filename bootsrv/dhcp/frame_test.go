package dhcp

import (
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// A frame's checksums are correct for payloads of even and odd length: the sum of
// everything is all ones (RFC 1071).
func TestFrameChecksums(t *testing.T) {
	src, dst := netip.MustParseAddrPort("10.77.0.1:67"), netip.MustParseAddrPort("255.255.255.255:68")
	for n := range 64 {
		payload := make([]byte, n)
		for i := range payload {
			payload[i] = byte(i*37 + n)
		}
		f := frame(payload, src, dst, broadcastMAC, broadcastMAC)
		ip, udp := f[ethernetHeader:ethernetHeader+ipHeader], f[ethernetHeader+ipHeader:]
		if got := sum(0, ip); got != 0xffff {
			t.Errorf("payload of %d: IP header adds up to %#x", n, got)
		}
		if got := sum(sum(protocolUDP+uint16(len(udp)), ip[12:]), udp); got != 0xffff {
			t.Errorf("payload of %d: UDP adds up to %#x", n, got)
		}
	}
}

// A known answer: a header whose checksum is printed in many textbooks.
func TestSum(t *testing.T) {
	header := []byte{0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7}
	if got := ^sum(0, header); got != 0xb861 {
		t.Errorf("checksum %#x, want 0xb861", got)
	}
}

// A probe accepts only an offer of an address in answer to its own request.
func TestOfferIn(t *testing.T) {
	question := build(t, known1, discover)
	src, dst := netip.MustParseAddrPort("10.77.0.2:67"), netip.MustParseAddrPort("255.255.255.255:68")
	hears := func(change func(*dhcpv4.DHCPv4), to netip.AddrPort) bool {
		offer := reply(question, dhcpv4.MessageTypeOffer, src.Addr())
		offer.YourIPAddr = []byte{10, 77, 0, 200}
		change(offer)
		return offerIn(frame(offer.ToBytes(), src, to, broadcastMAC, broadcastMAC), question.TransactionID) != nil
	}
	for _, c := range []struct {
		name   string
		change func(*dhcpv4.DHCPv4)
		to     netip.AddrPort
		want   bool
	}{
		{"an offer", func(*dhcpv4.DHCPv4) {}, dst, true},
		{"another's offer", func(p *dhcpv4.DHCPv4) { p.TransactionID[0]++ }, dst, false},
		{"a proxy's offer", func(p *dhcpv4.DHCPv4) { p.YourIPAddr = []byte{0, 0, 0, 0} }, dst, false},
		{"an acknowledgement", func(p *dhcpv4.DHCPv4) { p.UpdateOption(dhcpv4.OptMessageType(dhcpv4.MessageTypeAck)) }, dst, false},
		{"another port", func(*dhcpv4.DHCPv4) {}, netip.MustParseAddrPort("255.255.255.255:69"), false},
	} {
		if got := hears(c.change, c.to); got != c.want {
			t.Errorf("%s: heard %v, want %v", c.name, got, c.want)
		}
	}
}
