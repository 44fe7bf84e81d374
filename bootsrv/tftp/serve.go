package tftp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/internal/timing"
)

const (
	transfers   = 1024            // at once
	fromOneHost = 8               // of them; a machine makes one, and may give up some before it
	idle        = time.Second     // after which a transfer gives way to another
	drain       = 5 * time.Second // for transfers under way when the server ends
)

// Serve answers on conn until ctx ends, then gives the transfers under way five
// seconds to finish. It closes conn.
func (s *Server) Serve(ctx context.Context, conn *net.UDPConn) error {
	whole, abandon := context.WithCancel(context.WithoutCancel(ctx)) // a transfer under way is finished and reported
	defer abandon()
	l := &listener{
		Server: s, conn: conn, ctx: whole, open: map[netip.AddrPort]*transfer{},
		places: limit.NewPlaces[netip.Addr](fromOneHost, transfers, idle, limit.TFTPTransfers), refusals: limit.NewBucket(limit.RefusedFiles),
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err := l.listen()
	if stop() {
		conn.Close()
		return fmt.Errorf("serve TFTP: %w", err)
	}
	finished := make(chan struct{})
	go func() { defer close(finished); l.running.Wait() }()
	select {
	case <-finished:
	case <-time.After(drain):
		abandon()
		l.end()
		<-finished
	}
	return nil
}

// listener reads the requests of one socket.
type listener struct {
	*Server
	conn     *net.UDPConn
	ctx      context.Context // of the transfers
	places   *limit.Places[netip.Addr]
	refusals *limit.Bucket // that are logged
	running  sync.WaitGroup

	mu   sync.Mutex
	open map[netip.AddrPort]*transfer // mu guards it; by the client's address and port
}

// listen reads requests until the socket is closed.
func (l *listener) listen() error {
	if err := errors.Join(wantDestination(l.conn), limit.SetQueue(l.conn)); err != nil {
		return err
	}
	b, control := make([]byte, 2048), make([]byte, 256)
	for {
		n, m, _, from, err := l.conn.ReadMsgUDPAddrPort(b, control)
		switch {
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // an ICMP error of an earlier answer, or a moment without memory
			limit.Backoff(l.ctx)
		case n >= 2:
			l.take(b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), destination(control[:m]))
		}
	}
}

// take answers one packet that came to the server's own port.
func (l *listener) take(p []byte, peer netip.AddrPort, here netip.Addr) {
	switch binary.BigEndian.Uint16(p) {
	case opWrite:
		l.refuse(peer, "", codeForbidden, errors.New("files can only be read"))
	case opRead:
		r, ok := parseRequest(p[2:])
		switch {
		case !ok:
		case r.mode != "octet":
			l.refuse(peer, r.name, codeIllegal, errors.New("only mode octet is served"))
		default:
			l.read(r, peer, here)
		}
	}
}

func (l *listener) refuse(peer netip.AddrPort, name string, code byte, why error) {
	if l.refusals.Take(time.Now()) {
		l.Log.Info("TFTP file refused", "name", name, "to", peer.Addr(), "error", why)
	}
	_, _ = l.conn.WriteToUDPAddrPort(errorPacket(code, why.Error()), peer) // it may be lost, as any datagram
}

// read begins a transfer, or repeats the first packet of one that has begun. Without a free
// place the request is dropped: firmware repeats it, but gives up at an error.
func (l *listener) read(r request, peer netip.AddrPort, here netip.Addr) {
	name := clean(r.name)
	content, err := l.content(name, here)
	if err != nil {
		l.Times.Since(time.Now(), timing.Key{Server: "tftp", What: "read", Outcome: "refused"})
		l.refuse(peer, name, codeNotFound, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if t, ok := l.open[peer]; ok {
		t.repeat()
		return
	}
	t, err := newTransfer(r, content, peer, here)
	if err != nil {
		l.Log.Debug("TFTP transfer not begun", "name", name, "to", peer, "error", err)
		return
	}
	place := l.places.Take(time.Now(), peer.Addr(), func() { t.conn.Close() })
	if place == nil {
		t.conn.Close()
		return
	}
	t.used = func() { place.Use(time.Now()) }
	l.open[peer] = t
	l.running.Go(func() {
		defer place.Return()
		defer l.forget(peer)
		l.send(t, name, peer.Addr())
	})
}

func (l *listener) forget(peer netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[peer].conn.Close()
	delete(l.open, peer)
}

// end closes the transfers that are still under way.
func (l *listener) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.open {
		t.conn.Close()
	}
}

// send makes one transfer.
func (l *listener) send(t *transfer, name string, peer netip.Addr) {
	begun := time.Now()
	err := t.send(l.ctx)
	l.Times.Since(begun, timing.Key{Server: "tftp", What: "read", Outcome: timing.Outcome(err)})
	if err != nil {
		// Firmware asks for the size first and gives up at once: not a failure.
		l.Log.Debug("TFTP transfer ended early", "name", name, "to", peer, "error", err)
		return
	}
	if path.Base(name) != autoexec && name != grubConfig {
		l.Journal.NoteAt(l.ctx, peer,
			baremetal.Event{Kind: baremetal.EventFile, Detail: fmt.Sprintf("%s over TFTP, %d bytes", name, len(t.content))})
	}
}

// newTransfer opens the transfer's own socket, at the address that the client has asked.
func newTransfer(r request, content []byte, peer netip.AddrPort, here netip.Addr) (*transfer, error) {
	if here.IsLinkLocalUnicast() {
		here = here.WithZone(peer.Addr().Zone())
	}
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(here, 0)), net.UDPAddrFromAddrPort(peer))
	if err != nil {
		return nil, err
	}
	t := &transfer{conn: conn, content: content}
	t.block, t.optAck = r.grant(len(content), largestBlock(conn, peer.Addr()))
	t.begin()
	return t, nil
}

// largestBlock returns the bytes of a block that fit into one frame on the way to the
// client: firmware does not join fragments.
func largestBlock(conn *net.UDPConn, peer netip.Addr) int {
	level, option, headers := unix.IPPROTO_IP, unix.IP_MTU, 20+8+4
	if peer.Is6() {
		level, option, headers = unix.IPPROTO_IPV6, unix.IPV6_MTU, 40+8+4
	}
	mtu := 0
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { mtu, _ = unix.GetsockoptInt(int(fd), level, option) }) // 0 on an error: 512 bytes fit
	}
	return mtu - headers
}
