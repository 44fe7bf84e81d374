package dhcp

import (
	"context"
	"encoding/hex"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/store"
	"ironhook/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// network is a server on 10.77.0.1/24 over a store of its own.
type network struct {
	t      testing.TB
	store  *store.Store
	server *Server
}

// newNetwork makes a full server with the addresses .100 to .103; edit changes
// its configuration.
func newNetwork(t testing.TB, edit func(*Config)) *network {
	t.Helper()
	return newNetworkAt(t, storetest.Open(t), edit)
}

func newNetworkAt(t testing.TB, s *store.Store, edit func(*Config)) *network {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	c := Config{
		Interface: &net.Interface{Name: "br0", HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}},
		Address:   netip.MustParsePrefix("10.77.0.1/24"), Mode: Full,
		Range: Range{netip.MustParseAddr("10.77.0.100"), netip.MustParseAddr("10.77.0.103")},
		HTTP:  netip.MustParseAddrPort("10.77.0.1:8080"), TFTP: netip.MustParseAddrPort("10.77.0.1:69"),
		Files: map[string][]byte{"undionly.kpxe": nil, "snponly.efi": nil},
		Store: s, Journal: journal.New(s, log), Log: log,
	}
	if edit != nil {
		edit(&c)
	}
	return &network{t: t, store: s, server: New(c)}
}

// enrol makes a node with a port.
func (n *network) enrol(mac string, pxe bool) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		node := &baremetal.Node{UUID: "node-" + mac, Driver: "fake-hardware", ProvisionState: baremetal.Active}
		if err := tx.Nodes().Insert(node); err != nil {
			return err
		}
		return tx.Ports().Insert(&baremetal.Port{UUID: "port-" + mac, NodeUUID: node.UUID, Address: mac, PXEEnabled: pxe})
	})
}

// extra sets the extra of an enrolled machine's port.
func (n *network) extra(mac string, o baremetal.Object) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		p, err := tx.Ports().Get(mac)
		if err != nil {
			return err
		}
		p.Extra = o
		return tx.Ports().Update(p)
	})
}

func (n *network) update(f func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.store.Update(context.Background(), f); err != nil {
		n.t.Fatal(err)
	}
}

// lease returns the lease of mac, nil for none.
func (n *network) lease(mac string) (lease *baremetal.Lease) {
	n.t.Helper()
	err := n.store.View(context.Background(), func(tx *store.Tx) (err error) {
		lease, err = tx.Leases().Find(mac)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return lease
}

func (n *network) leases() (all []*baremetal.Lease) {
	n.t.Helper()
	err := n.store.View(context.Background(), func(tx *store.Tx) (err error) {
		all, err = tx.Leases().List(store.Query{})
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}

func (n *network) events() (all []*baremetal.Event) {
	n.t.Helper()
	err := n.store.View(context.Background(), func(tx *store.Tx) (err error) {
		all, err = tx.Events(store.EventQuery{})
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}

// hasEvent reports whether there is an event of this kind whose detail contains text.
func (n *network) hasEvent(kind baremetal.EventKind, mac, text string) bool {
	for _, e := range n.events() {
		if e.Kind == kind && e.MAC == mac && strings.Contains(e.Detail, text) {
			return true
		}
	}
	return false
}

// seed writes a lease that ends after d.
func (n *network) seed(mac, address string, d time.Duration, observed bool) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		return tx.Leases().Insert(&baremetal.Lease{
			MAC: mac, Address: netip.MustParseAddr(address), Interface: "br0", Observed: observed,
			Expires: tx.Now().Add(d), UpdatedAt: tx.Now().Add(-leaseTime),
		})
	})
}

// ask sends a packet to port 67.
func (n *network) ask(p *dhcpv4.DHCPv4) *Reply {
	n.t.Helper()
	r, err := n.server.Handle(context.Background(),
		Request{Packet: p, Card: p.ClientHWAddr, From: netip.MustParseAddrPort("0.0.0.0:68"), Port: serverPort})
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// build makes a request of a client.
func build(t testing.TB, mac string, kind dhcpv4.MessageType, modify ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	hw, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	p, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(hw), dhcpv4.WithMessageType(kind)}, modify...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wants(address string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.ParseIP(address)))
}

func from(server string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.ParseIP(server)))
}

func has(address string) dhcpv4.Modifier { return dhcpv4.WithClientIP(net.ParseIP(address)) }

func via(relay string) dhcpv4.Modifier { return dhcpv4.WithRelay(net.ParseIP(relay)) }

// asPXE marks a packet as one of BIOS firmware other than iPXE.
var asPXE = func(p *dhcpv4.DHCPv4) {
	p.UpdateOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000:UNDI:002001"))
	p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{0, 0}))
}

// captured reads a packet of a real client.
func captured(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := strings.Cut(string(text), "\n")
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

const (
	known1   = "52:54:00:00:00:01"
	known2   = "52:54:00:00:00:02"
	stranger = "52:54:00:00:00:99"
)
