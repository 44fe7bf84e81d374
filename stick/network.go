package stick

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
)

// Where nobody else gives addresses, the stick has this one and gives the others.
const (
	ownPrefix = "10.77.77.1/24"
	ownRange  = "10.77.77.100-10.77.77.200"
)

// address is how the stick is on the network.
type address struct {
	Interface string
	Prefix    netip.Prefix
	Gateway   netip.Addr   // invalid for none
	DNS       []netip.Addr // may be empty
	Range     string       // of the addresses that the stick gives when nobody else does, "" for none
	Server    string       // that gave the address, "" if it is the stick's own
	Until     time.Time    // when it must be renewed; zero for never
}

// cards are the network cards by name, those with a cable first.
func cards() (list []netlink.Link, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	var dark []netlink.Link
	for _, l := range links {
		switch a := l.Attrs(); {
		case a.Flags&net.FlagLoopback != 0 || l.Type() != "device":
		case a.RawFlags&unixLowerUp != 0:
			list = append(list, l)
		default:
			dark = append(dark, l)
		}
	}
	return append(list, dark...), nil
}

const unixLowerUp = 1 << 16 // IFF_LOWER_UP: there is a carrier (linux/if.h)

func lit(l netlink.Link) bool { return l.Attrs().RawFlags&unixLowerUp != 0 }

// errNoAnswer is that no DHCP server answers.
var errNoAnswer = errors.New("no DHCP server answers")

// ask asks for an address on one network.
func ask(ctx context.Context, card string, tries int) (address, error) {
	c, err := nclient4.New(card, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(tries))
	if err != nil {
		return address{}, fmt.Errorf("DHCP on %s: %w", card, err)
	}
	defer c.Close() //nolint:errcheck // nothing was written
	lease, err := c.Request(ctx, dhcpv4.WithOption(dhcpv4.OptHostName("ironhook")))
	if err != nil {
		return address{}, fmt.Errorf("%w on %s: %w", errNoAnswer, card, err)
	}
	return leased(card, lease.ACK, time.Now())
}

// leased is the address that a server's answer gives (RFC 2131, RFC 2132).
func leased(card string, ack *dhcpv4.DHCPv4, now time.Time) (address, error) {
	ip, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	ones, _ := ack.SubnetMask().Size()
	if !ok || ip.IsUnspecified() || ones == 0 {
		return address{}, fmt.Errorf("DHCP on %s: the answer has no address or no mask", card)
	}
	a := address{Interface: card, Prefix: netip.PrefixFrom(ip, ones), Server: ack.ServerIdentifier().String()}
	if routers := ack.Router(); len(routers) > 0 {
		a.Gateway, _ = netip.AddrFromSlice(routers[0].To4())
	}
	for _, d := range ack.DNS() {
		if server, ok := netip.AddrFromSlice(d.To4()); ok {
			a.DNS = append(a.DNS, server)
		}
	}
	// Half of the lease is when to renew it, RFC 2131 section 4.4.5.
	a.Until = now.Add(max(ack.IPAddressLeaseTime(time.Hour)/2, 30*time.Second))
	return a, nil
}

// own is the address of a network without another server.
func own(card string) address {
	return address{Interface: card, Prefix: netip.MustParsePrefix(ownPrefix), Range: ownRange}
}

// apply gives the card this address and no other.
func (a address) apply() error {
	link, err := netlink.LinkByName(a.Interface)
	if err != nil {
		return fmt.Errorf("network card %s: %w", a.Interface, err)
	}
	want, err := netlink.ParseAddr(a.Prefix.String())
	if err != nil {
		return err
	}
	old, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, o := range old {
		if !o.IPNet.IP.Equal(want.IP) {
			if err := netlink.AddrDel(link, &o); err != nil {
				return err
			}
		}
	}
	if err := netlink.AddrReplace(link, want); err != nil {
		return fmt.Errorf("address %s on %s: %w", a.Prefix, a.Interface, err)
	}
	if a.Gateway.IsValid() {
		err = netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: a.Gateway.AsSlice()})
	}
	return errors.Join(err, a.resolve())
}

// resolve writes the name servers.
func (a address) resolve() error {
	var text strings.Builder
	for _, d := range a.DNS {
		fmt.Fprintf(&text, "nameserver %s\n", d)
	}
	return os.WriteFile("/etc/resolv.conf", []byte(text.String()), 0o644)
}
