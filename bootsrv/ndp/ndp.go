// Package ndp ends iPXE's wait for an IPv6 router.
//
// iPXE asks for a router (RFC 4861 section 6.3.7) on every boot and, when none answers,
// waits for 13 seconds after it has its IPv4 address already. This package answers with an
// empty advertisement: lifetime 0, so that we are no router, and no prefix, so that no
// address is made. Machines with real IPv6 are not affected.
package ndp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"ironhook/internal/limit"
)

var (
	allNodes   = net.ParseIP("ff02::1")
	allRouters = net.ParseIP("ff02::2")
)

// advertisement is the answer to every solicitation (RFC 4861 section 4.2): hop limit 64,
// no flags, router lifetime 0, timers unspecified, no options. The kernel fills in the
// checksum.
var advertisement = []byte{byte(ipv6.ICMPTypeRouterAdvertisement), 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

const (
	managed    = 0x80 // addresses come from DHCPv6 (RFC 4861 section 4.2)
	onLink     = 0x80 // the prefix needs no router (section 4.6.2)
	prefixTime = 7200 // seconds
)

// advertise is the advertisement with a prefix, if there is one.
func advertise(prefix netip.Prefix) []byte {
	b := bytes.Clone(advertisement)
	if !prefix.IsValid() {
		return b
	}
	b[5] = managed
	b = append(b, 3, 4, byte(prefix.Bits()), onLink)
	b = binary.BigEndian.AppendUint32(b, prefixTime)
	b = binary.BigEndian.AppendUint32(b, prefixTime)
	b = append(b, 0, 0, 0, 0)
	return append(b, prefix.Masked().Addr().AsSlice()...)
}

// hopLimit of every neighbour discovery message: it proves that no router has
// forwarded it (RFC 4861 section 6.1).
const hopLimit = 255

// Responder answers the router solicitations of one interface.
type Responder struct {
	conn  *ipv6.PacketConn
	iface *net.Interface
	log   *slog.Logger
	rate  *limit.Bucket

	advertisement []byte
}

// Listen opens a responder. The caller may ignore the error of an interface without IPv6:
// then iPXE in ROM waits.
//
// With a prefix the advertisement sends machines to DHCPv6 for an address of that subnet,
// and says that all of it is on this link: firmware that boots over IPv6 needs both. It
// still names no router, and no other host makes an address of it.
func Listen(ctx context.Context, iface *net.Interface, prefix netip.Prefix, log *slog.Logger) (*Responder, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var option error
		err := c.Control(func(fd uintptr) {
			option = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, iface.Name)
		})
		return errors.Join(err, option)
	}}
	raw, err := config.ListenPacket(ctx, "ip6:ipv6-icmp", "::")
	if err != nil {
		return nil, fmt.Errorf("answer router solicitations on %s: %w", iface.Name, err)
	}
	r := &Responder{conn: ipv6.NewPacketConn(raw), iface: iface, log: log, rate: limit.NewBucket(limit.Advertisements),
		advertisement: advertise(prefix)}
	if err := r.configure(); err != nil {
		return nil, errors.Join(fmt.Errorf("answer router solicitations on %s: %w", iface.Name, err), r.Close())
	}
	return r, nil
}

func (r *Responder) configure() error {
	var only ipv6.ICMPFilter
	only.SetAll(true)
	only.Accept(ipv6.ICMPTypeRouterSolicitation)
	return errors.Join(
		r.conn.SetICMPFilter(&only),
		r.conn.SetControlMessage(ipv6.FlagHopLimit, true),
		r.conn.SetMulticastHopLimit(hopLimit),
		r.conn.SetMulticastInterface(r.iface),
		r.conn.SetMulticastLoopback(false),
		r.conn.JoinGroup(r.iface, &net.IPAddr{IP: allRouters}))
}

// Close closes the responder.
func (r *Responder) Close() error { return r.conn.Close() }

// Serve answers until ctx ends, and closes the responder.
func (r *Responder) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.Close() })
	defer stop()
	buffer := make([]byte, 1500)
	for {
		n, control, from, err := r.conn.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			r.log.Warn("router solicitations", "interface", r.iface.Name, "error", err)
			limit.Backoff(ctx)
			continue
		}
		sender, _ := from.(*net.IPAddr)
		if sender == nil || control == nil || !valid(buffer[:n], control.HopLimit, sender.IP) || !r.rate.Take(time.Now()) {
			continue
		}
		// To all nodes: a unicast would need neighbour discovery of the machine first.
		if _, err := r.conn.WriteTo(r.advertisement, nil, &net.IPAddr{IP: allNodes, Zone: r.iface.Name}); err != nil {
			r.log.Warn("router advertisement not sent", "interface", r.iface.Name, "error", err)
		}
	}
}

// valid reports whether m is a valid router solicitation (RFC 4861 section 6.1.1). The
// kernel has checked its checksum.
func valid(m []byte, hops int, from net.IP) bool {
	if hops != hopLimit || len(m) < 8 || m[0] != byte(ipv6.ICMPTypeRouterSolicitation) || m[1] != 0 {
		return false
	}
	const sourceLinkLayer = 1
	for options := m[8:]; len(options) > 0; {
		if len(options) < 2 || options[1] == 0 || len(options) < int(options[1])*8 {
			return false
		}
		if options[0] == sourceLinkLayer && from.IsUnspecified() {
			return false
		}
		options = options[int(options[1])*8:]
	}
	return true
}
