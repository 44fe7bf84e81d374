// Package network has the network cards of a small system, the agent's or the stick's, use an address that a DHCP server gives or
// a person has set.
package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
)

// Cards are the names of the network cards, those with a cable first.
func Cards() (list []string, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	var dark []string
	for _, l := range links {
		name := l.Attrs().Name
		switch {
		case l.Attrs().Flags&net.FlagLoopback != 0 || l.Type() != "device":
		case Lit(name):
			list = append(list, name)
		default:
			dark = append(dark, name)
		}
	}
	return append(list, dark...), nil
}

// Up switches a card on.
func Up(card string) error {
	link, err := netlink.LinkByName(card)
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("network card %s: %w", card, err)
	}
	return nil
}

// Lit reports whether a card that is up has a carrier.
func Lit(card string) bool {
	b, _ := os.ReadFile(filepath.Join("/sys/class/net", card, "carrier")) // one that is off has none to read
	return strings.TrimSpace(string(b)) == "1"
}

// Address is that of a card, with what belongs to it.
type Address struct {
	Card    string
	Prefix  netip.Prefix
	Gateway netip.Addr   // invalid for none
	DNS     []netip.Addr // may be empty
	Server  string       // of DHCP, that gave it; "" for none
	Until   time.Time    // when it must be renewed; zero for never

	lease *nclient4.Lease // nil for none
}

// Apply gives the card this address and no other, and the system its route and name servers.
func (a Address) Apply() error {
	link, err := netlink.LinkByName(a.Card)
	if err != nil {
		return fmt.Errorf("network card %s: %w", a.Card, err)
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
		return fmt.Errorf("address %s on %s: %w", a.Prefix, a.Card, err)
	}
	if a.Gateway.IsValid() {
		if err = netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: a.Gateway.AsSlice()}); err != nil {
			err = fmt.Errorf("route by %s: %w", a.Gateway, err)
		}
	}
	return errors.Join(err, a.resolve())
}

// resolve writes the name servers.
func (a Address) resolve() error {
	var text strings.Builder
	for _, d := range a.DNS {
		fmt.Fprintf(&text, "nameserver %s\n", d)
	}
	return os.WriteFile("/etc/resolv.conf", []byte(text.String()), 0o644)
}
