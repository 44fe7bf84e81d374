package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
)

// thief is a host of the boot network that attacks the appliance while the machines boot. What it
// does is bounded, so that it is not its processor time that hurts.
type thief struct {
	*lab.Segment
	machines []*machine
	random   *rand.Rand
}

// thieves are how many addresses the host has.
const thieves = 32

func thiefAddress(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 77, 200, byte(n + 1)}) }

// attack attacks until stop is called.
func (r *room) attack(ctx context.Context) (stop func(), err error) {
	s, err := r.connect("thief")
	if err != nil {
		return nil, err
	}
	lines := ""
	for n := range thieves {
		lines += fmt.Sprintf("address add %v/16 dev %s\n", thiefAddress(n), lab.Uplink)
	}
	if err := s.Run(lines, "ip", "-batch", "-"); err != nil {
		return nil, err
	}
	t := &thief{Segment: s, machines: r.clients, random: rand.New(rand.NewPCG(1, 2))}
	forged, err := t.dhcp()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { defer forged.Close(); t.paced(ctx, 100, func() { _ = send(forged, t.forge()) }) }) // a frame that is lost is one less
	all.Go(func() { t.paced(ctx, 100, func() { t.askFile(ctx) }) })
	for _, door := range []struct {
		port  int
		held  int
		words string
	}{
		{8080, 32 * thieves, "GET /boot.ipxe HTTP/1.1\r\nHost: a\r\n"}, {6385, 8 * thieves, "GET /v1/nodes HTTP/1.1\r\nX: "},
		{3260, 32 * thieves, "\x43\x87\x00\x00\x00"},
	} {
		all.Go(func() { t.hold(ctx, door.port, door.held, door.words) })
	}
	all.Go(func() { t.guess(ctx) })
	return func() { cancel(); all.Wait() }, nil
}

// paced does something so often a second.
func (t *thief) paced(ctx context.Context, perSecond int, do func()) {
	ticks := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			do()
		}
	}
}

// dhcp opens a packet socket for forged messages.
func (t *thief) dhcp() (conn net.PacketConn, err error) {
	err = t.Do(func() error {
		device, err := net.InterfaceByName(lab.Uplink)
		if err != nil {
			return err
		}
		c, err := packet.Listen(device, packet.Datagram, unix.ETH_P_IP, nil)
		if err == nil {
			conn = nclient4.NewBroadcastUDPConn(c, &net.UDPAddr{Port: 68})
		}
		return err
	})
	return conn, err
}

// forge makes a message in the name of one of the machines, or of none that there is.
func (t *thief) forge() *dhcpv4.DHCPv4 {
	victim := t.machines[t.random.IntN(len(t.machines))]
	mac, _ := net.ParseMAC(victim.mac)
	if t.random.IntN(2) == 0 {
		mac = binary.BigEndian.AppendUint32([]byte{0x52, 0x54}, t.random.Uint32())
	}
	kinds := []dhcpv4.MessageType{dhcpv4.MessageTypeDiscover, dhcpv4.MessageTypeRequest, dhcpv4.MessageTypeDecline, dhcpv4.MessageTypeRelease}
	address := net.IPv4(10, 77, byte(16+t.random.IntN(16)), byte(t.random.Uint32()))
	m, err := dhcpv4.New(dhcpv4.WithHwAddr(mac), dhcpv4.WithMessageType(kinds[t.random.IntN(len(kinds))]),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(address)), dhcpv4.WithClientIP(address),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.ParseIP(lab.Address))))
	if err != nil {
		panic(err) // no randomness: the process cannot go on
	}
	return m
}

// askFile asks for the loader from an address, and never acknowledges it.
func (t *thief) askFile(ctx context.Context) {
	_ = t.Do(func() error { // an attack that fails is one less
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp4", netip.AddrPortFrom(thiefAddress(t.random.IntN(thieves)), 0).String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.WriteTo([]byte("\x00\x01snponly.efi\x00octet\x00blksize\x0065464\x00"),
			&net.UDPAddr{IP: net.ParseIP(lab.Address), Port: 69})
		return err
	})
}

// hold keeps connections open that have begun a request, and opens another for each that is closed.
func (t *thief) hold(ctx context.Context, port, most int, words string) {
	open := make(chan struct{}, most)
	var all sync.WaitGroup
	defer all.Wait()
	t.paced(ctx, 200, func() {
		select {
		case open <- struct{}{}:
		default:
			return
		}
		conn, err := t.dial(ctx, port)
		if err != nil {
			<-open
			return
		}
		all.Go(func() {
			defer func() { conn.Close(); <-open }()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			_, _ = io.WriteString(conn, words)
			_, _ = io.Copy(io.Discard, conn) // until it is closed
		})
	})
}

func (t *thief) dial(ctx context.Context, port int) (conn net.Conn, err error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(thiefAddress(rand.IntN(thieves)), 0)), Timeout: time.Second}
	err = t.Do(func() error {
		conn, err = d.DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", lab.Address, port))
		return err
	})
	return conn, err
}

// guess guesses passwords.
func (t *thief) guess(ctx context.Context) {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return t.dial(ctx, 6385) }}}
	t.paced(ctx, 20, func() {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+apiAddress+"/v1/nodes", nil)
		if err != nil {
			return
		}
		r.SetBasicAuth("admin", fmt.Sprint(rand.Uint64()))
		if reply, err := client.Do(r); err == nil {
			reply.Body.Close()
		}
	})
}
