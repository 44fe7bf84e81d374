package dhcp6

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	preferred = time.Hour // an address; it never changes, so this only bounds a mistake
	valid     = 2 * preferred
)

// highest is the preference that makes a client take an offer at once (RFC 8415 section
// 18.2.1): it is in those with a boot file, so that an enrolled machine boots from here
// beside another server, which gives addresses.
const highest = 255

// answers is the kind of the answer to each kind of message. Others get none.
var answers = map[dhcpv6.MessageType]dhcpv6.MessageType{
	dhcpv6.MessageTypeSolicit:            dhcpv6.MessageTypeAdvertise,
	dhcpv6.MessageTypeRequest:            dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeConfirm:            dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeRenew:              dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeRebind:             dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeRelease:            dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeDecline:            dhcpv6.MessageTypeReply,
	dhcpv6.MessageTypeInformationRequest: dhcpv6.MessageTypeReply,
}

// named are the messages that name their server; the others but information requests name
// none (RFC 8415 section 16).
var named = map[dhcpv6.MessageType]bool{
	dhcpv6.MessageTypeRequest: true, dhcpv6.MessageTypeRenew: true, dhcpv6.MessageTypeRelease: true, dhcpv6.MessageTypeDecline: true,
}

// forUs reports whether a message is of a kind that we answer, and for no other server.
func (s *Server) forUs(q *dhcpv6.Message) bool {
	server, information := q.Options.ServerID(), q.MessageType == dhcpv6.MessageTypeInformationRequest
	switch {
	case answers[q.MessageType] == 0, q.Options.ClientID() == nil && !information:
		return false
	case server == nil:
		return !named[q.MessageType]
	}
	return (named[q.MessageType] || information) && bytes.Equal(server.ToBytes(), s.duid.ToBytes())
}

// machine is what the store knows about a card.
type machine struct {
	port   *baremetal.Port // nil for a stranger
	signed bool            // its firmware starts signed programs only
}

// Sender is a machine as it is known before the store is asked.
type Sender struct {
	Card    net.HardwareAddr
	Network netip.Prefix // an address in its network, with the subnet's length: ours or its relay's
}

// address is the one that the machine gets.
func (f Sender) address() netip.Addr { return Address(f.Network, f.Card) }

// Handle answers a message; nil means no answer. An error is the store's; the client repeats
// its message.
func (s *Server) Handle(ctx context.Context, q *dhcpv6.Message, from Sender) (*dhcpv6.Message, error) {
	if !s.forUs(q) {
		return nil, nil
	}
	var m machine
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if m.port, err = tx.Ports().Find(from.Card.String()); err == nil && m.port != nil && s.Signed != nil {
			m.signed, err = s.Signed(tx, from.Card.String())
		}
		return err
	})
	if err != nil || m.port == nil {
		return nil, err
	}
	return s.answer(ctx, q, from, m), nil
}

// answer makes the answer for an enrolled machine.
func (s *Server) answer(ctx context.Context, q *dhcpv6.Message, from Sender, m machine) *dhcpv6.Message {
	a := &dhcpv6.Message{MessageType: answers[q.MessageType], TransactionID: q.TransactionID}
	a.AddOption(dhcpv6.OptServerID(s.duid))
	if id := q.Options.ClientID(); id != nil {
		a.AddOption(dhcpv6.OptClientID(id))
	}
	switch q.MessageType {
	case dhcpv6.MessageTypeRelease:
		return status(a, iana.StatusSuccess, "the address stays that of this card")
	case dhcpv6.MessageTypeDecline:
		if s.said.Take(time.Now()) {
			s.Log.Warn("a machine found its IPv6 address in use by another host", "interface", s.Interface.Name, "mac", from.Card, "address",
				from.address())
		}
		return status(a, iana.StatusSuccess, "there is no other for this card")
	case dhcpv6.MessageTypeConfirm:
		if !from.onLink(q) {
			return status(a, iana.StatusNotOnLink, "not an address of this network")
		}
		return status(a, iana.StatusSuccess, "")
	}
	addAddresses(a, q, from.address())
	s.addBoot(ctx, a, q, from, m)
	return a
}

func status(a *dhcpv6.Message, code iana.StatusCode, text string) *dhcpv6.Message {
	a.AddOption(&dhcpv6.OptStatusCode{StatusCode: code, StatusMessage: text})
	return a
}

// onLink reports whether all addresses of a message are of the machine's network.
func (f Sender) onLink(q *dhcpv6.Message) bool {
	for _, ia := range q.Options.IANA() {
		for _, one := range ia.Options.Addresses() {
			if a, ok := netip.AddrFromSlice(one.IPv6Addr); !ok || !f.Network.Contains(a) {
				return false
			}
		}
	}
	return true
}

// addAddresses gives the address to the first association that asks for one.
func addAddresses(a, q *dhcpv6.Message, address netip.Addr) {
	for i, asks := range q.Options.IANA() {
		gets := &dhcpv6.OptIANA{IaId: asks.IaId, T1: preferred / 2, T2: preferred * 4 / 5}
		if i == 0 {
			gets.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: address.AsSlice(), PreferredLifetime: preferred, ValidLifetime: valid})
		} else {
			gets.Options.Add(&dhcpv6.OptStatusCode{StatusCode: iana.StatusNoAddrsAvail, StatusMessage: "a card has one address"})
		}
		a.AddOption(gets)
	}
}

// addBoot adds the boot file for a client that asks for one, and notes the step.
func (s *Server) addBoot(ctx context.Context, a, q *dhcpv6.Message, from Sender, m machine) {
	c, card := identify(q), from.Card
	if !c.boots {
		return
	}
	note := func(kind, step baremetal.EventKind, detail string) {
		s.Journal.Note(ctx, baremetal.Event{Kind: kind, Step: step, MAC: card.String(), Detail: detail})
	}
	if q.MessageType == dhcpv6.MessageTypeSolicit {
		note(baremetal.EventDiscover, "", c.String())
	}
	url, err := c.url(s.Config, card, m.signed)
	if !m.port.PXEEnabled {
		err = fmt.Errorf("port has pxe_enabled false")
	}
	if err != nil {
		note(baremetal.EventRefused, baremetal.EventOffer, fmt.Sprintf("%s: no boot file, %v", c, err))
		return
	}
	a.AddOption(dhcpv6.OptBootFileURL(url))
	if c.http { // or the firmware ignores the answer
		a.AddOption(&dhcpv6.OptVendorClass{EnterpriseNumber: enterprise, Data: [][]byte{[]byte(httpClient)}})
	}
	if q.MessageType == dhcpv6.MessageTypeSolicit {
		a.AddOption(dhcpv6.OptPreference(highest))
		note(baremetal.EventOffer, "", fmt.Sprintf("%s, boot file %s", from.address(), url))
	}
}
