package dhcp

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// The result of a probe, and the mode after it.
func TestSight(t *testing.T) {
	const none, other = "", "10.77.0.2"
	for _, c := range []struct {
		name  string
		start sight
		looks []string
		want  Mode
	}{
		{"alone", sight{mode: Full}, []string{none, none, none}, Full},
		{"another comes", sight{mode: Full}, []string{none, other}, Proxy},
		{"it stays", sight{mode: Full}, []string{other, none, other, none, other}, Proxy},
		{"it goes", sight{mode: Full}, []string{other, none, none}, Full},
		{"one silence is not enough", sight{mode: Proxy}, []string{none}, Proxy},
		{"a new life, alone", sight{mode: Proxy, silent: silences - 1}, []string{none}, Full},
		{"a new life, beside another", sight{mode: Proxy, silent: silences - 1}, []string{other, none}, Proxy},
	} {
		v := c.start
		for _, look := range c.looks {
			a, _ := netip.ParseAddr(look)
			before := v.mode
			if changed := v.saw(a); changed != (v.mode != before) {
				t.Errorf("%s: saw(%q) = %v from %s to %s", c.name, look, changed, before, v.mode)
			}
		}
		if v.mode != c.want {
			t.Errorf("%s: %s, want %s", c.name, v.mode, c.want)
		}
	}
}

// A server in mode auto yields while another one answers two probes, and leases again when
// that has gone; both are events. A request only causes a probe.
func TestSeek(t *testing.T) {
	n := newNetwork(t, func(c *Config) { c.Yield = true })
	name := build(t, stranger, request, from("10.77.0.99"), wants("10.77.0.98"))
	synctest.Test(t, func(t *testing.T) {
		var other atomic.Pointer[netip.Addr]
		var looks, forgeries atomic.Int32
		there := func(server string) { a, _ := netip.ParseAddr(server); other.Store(&a) }
		there("")
		n.server.doubt = make(chan struct{}, 1) // made in this synctest bubble
		n.server.probe = func(context.Context) (netip.Addr, error) {
			looks.Add(1)
			if forgeries.CompareAndSwap(1, 0) {
				return netip.MustParseAddr("10.77.0.99"), nil
			}
			return *other.Load(), nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.server.seek(ctx); close(ended) }()
		works := func(when string, want Mode) {
			t.Helper()
			if got := n.server.Working(); got != want {
				t.Errorf("%s it works as %s, want %s", when, got, want)
			}
		}
		for range 20 {
			if _, err := n.server.Handle(t.Context(), Request{Packet: name, Card: name.ClientHWAddr, Port: serverPort}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		works("after requests to a server that is not there", Full)
		if looks := looks.Load(); looks != 1 {
			t.Errorf("20 requests made %d looks", looks)
		}
		forgeries.Store(1)
		time.Sleep(breather)
		n.server.Look()
		time.Sleep(breather)
		works("after one forged offer", Full)

		there("10.77.0.2")
		n.server.Look()
		time.Sleep(2 * breather)
		works("with another server", Proxy)
		time.Sleep(time.Hour)
		works("an hour later", Proxy)
		there("")
		time.Sleep(3 * beside)
		time.Sleep(2 * breather)
		works("alone again", Full)
		there("10.77.0.2")
		time.Sleep(2 * settled)
		works("with another that nobody has named", Proxy)
		cancel()
		<-ended
	})
	for _, want := range []string{"10.77.0.2, leases addresses on br0; now proxy there",
		"no other DHCP server answers on br0; now full there"} {
		if !n.hasEvent(baremetal.EventNetwork, "", want) {
			t.Errorf("no event %q in %v", want, n.events())
		}
	}
}

// A message from another card changes no lease of a machine and makes no event of it, in
// either mode, for any message; the machine's own message does.
func TestHearsay(t *testing.T) {
	card := build(t, stranger, discover).ClientHWAddr
	const own, away = "10.77.0.100", "10.77.0.200"
	kinds := []dhcpv4.MessageType{
		discover, request, dhcpv4.MessageTypeDecline, dhcpv4.MessageTypeRelease, dhcpv4.MessageTypeInform,
	}
	abouts := map[string][]dhcpv4.Modifier{
		"its address":     {wants(own), from("10.77.0.1")},
		"its address now": {has(own), from("10.77.0.1")},
		"its other one":   {wants(away), from("10.77.0.1")},
		"another address": {wants("10.77.0.103"), from("10.77.0.1")},
		"another server":  {wants("10.77.0.103"), from("10.77.0.9")},
		"at another":      {has("10.77.0.103")},
		"by a relay":      {wants("10.77.0.103"), via("10.77.0.9")},
	}
	for _, mode := range []Mode{Full, Proxy} {
		for _, address := range []string{own, away} { // of our range, and of another server's
			n := newNetwork(t, func(c *Config) { c.Mode = mode })
			n.enrol(known1, true)
			n.seed(known1, address, time.Hour, address == away)
			for _, kind := range kinds {
				for about, says := range abouts {
					for _, port := range []uint16{serverPort, proxyPort} {
						p := build(t, known1, kind, append(says, asPXE)...)
						if _, err := n.server.Handle(t.Context(),
							Request{Packet: p, Card: card, From: netip.MustParseAddrPort("10.77.0.66:68"), Port: port}); err != nil {
							t.Fatal(err)
						}
						l := n.lease(known1)
						if l == nil || l.Address.String() != address || l.Observed != (address == away) || time.Until(l.Expires) < leaseTime-time.Minute {
							t.Fatalf("%s, %s about %s to port %d: the lease of %s is %+v", mode, kind, about, port, address, l)
						}
						if events := n.events(); len(events) > 0 {
							t.Fatalf("%s, %s about %s to port %d: told %v", mode, kind, about, port, events)
						}
					}
				}
			}
		}
	}
}
