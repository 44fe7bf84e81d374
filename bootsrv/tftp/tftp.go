// Package tftp serves the few files that firmware fetches over TFTP (RFC 1350):
// iPXE binaries and autoexec.ipxe. The names are a fixed table; there is no
// folder that a name could climb out of, and nothing can be written.
package tftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pin/tftp/v3"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/internal/limit"
	"ironhook/ipxe"
)

// Server serves boot files over TFTP.
type Server struct {
	Files map[string][]byte // iPXE binaries by name
	// HTTP is the server that autoexec.ipxe leads to. An unspecified address stands for
	// the one that the machine has reached; the zero value for none.
	HTTP    netip.AddrPort
	Journal *journal.Journal
	Log     *slog.Logger
}

const (
	transfers   = 256             // at once
	fromOneHost = 8               // of them; a machine makes one, and may give up some before it
	timeout     = 2 * time.Second // for an acknowledgement
	retries     = 4
	drain       = 5 * time.Second // for transfers under way when the server ends
)

var (
	errNoSuchFile = errors.New("no such file")
	errBusy       = errors.New("too many transfers, ask again")
)

// Serve answers on conn until ctx ends, then gives the transfers under way five
// seconds to finish. It closes conn.
func (s *Server) Serve(ctx context.Context, conn *net.UDPConn) error {
	l := limits{
		share: limit.NewShare[netip.Addr](fromOneHost, transfers), refusals: limit.NewBucket(limit.RefusedFiles),
	}
	whole, abandon := context.WithCancel(context.WithoutCancel(ctx)) // a transfer under way is finished and reported
	defer abandon()
	server := tftp.NewServer(func(name string, to io.ReaderFrom) error { return s.handle(whole, l, name, to) }, nil)
	server.SetTimeout(timeout)
	server.SetRetries(retries)
	finished := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(finished)
		server.Shutdown()
	})
	err := server.Serve(conn)
	if stop() {
		return fmt.Errorf("serve TFTP: %w", err)
	}
	select {
	case <-finished:
	case <-time.After(drain):
		// A transfer that still waits for an acknowledgement ends with its next block, or with the process.
	}
	return nil
}

// limits are shared by all clients. Any host can send requests, from any address.
type limits struct {
	share    *limit.Share[netip.Addr]
	refusals *limit.Bucket // that are logged
}

// handle answers one request. pin/tftp sends a returned error to the client.
func (s *Server) handle(ctx context.Context, l limits, name string, to io.ReaderFrom) error {
	peer, here := ends(to)
	name = clean(name)
	content, err := s.content(name, here)
	if err != nil {
		if l.refusals.Take(time.Now()) {
			s.Log.Info("TFTP file refused", "name", name, "to", peer, "error", err)
		}
		return err
	}
	if !l.share.Take(peer) {
		return errBusy
	}
	defer l.share.Return(peer)
	return s.send(ctx, name, content, peer, to)
}

// send makes one transfer.
func (s *Server) send(ctx context.Context, name string, content []byte, peer netip.Addr, to io.ReaderFrom) error {
	n, err := to.ReadFrom(&body{bytes.NewReader(content), ctx})
	if err != nil {
		// Firmware asks for the size first and gives up at once: not a failure.
		s.Log.Debug("TFTP transfer ended early", "name", name, "to", peer, "error", err)
		return err
	}
	if name != autoexec {
		s.Journal.NoteAt(ctx, peer, baremetal.Event{Kind: baremetal.EventFile, Detail: fmt.Sprintf("%s over TFTP, %d bytes", name, n)})
	}
	return nil
}

// body is a file that ends in an error when its context does. It can seek, because
// pin/tftp learns its size that way.
type body struct {
	*bytes.Reader
	ctx context.Context
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.Reader.Read(p)
}

const autoexec = "autoexec.ipxe"

// content is the table of names.
func (s *Server) content(name string, here netip.Addr) ([]byte, error) {
	if name != autoexec {
		if content, ok := s.Files[name]; ok {
			return content, nil
		}
		return nil, errNoSuchFile
	}
	at := s.HTTP
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(here, at.Port())
	}
	if !at.Addr().IsValid() {
		return nil, errNoSuchFile
	}
	script, err := ipxe.Autoexec(fmt.Sprintf("http://%s/boot.ipxe", at))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = script.WriteTo(&b)
	return b.Bytes(), err
}

// clean undoes what firmware does to a name: a leading slash of either kind, and
// the byte 0xff that some append to a name taken from a DHCP packet.
func clean(name string) string {
	name, _, _ = strings.Cut(name, "\xff")
	return strings.TrimLeft(name, `/\`)
}

// ends are the client's address and ours.
func ends(to io.ReaderFrom) (peer, here netip.Addr) {
	if t, ok := to.(tftp.OutgoingTransfer); ok {
		addr := t.RemoteAddr()
		peer, _ = netip.AddrFromSlice(addr.IP)
	}
	if t, ok := to.(tftp.RequestPacketInfo); ok {
		here, _ = netip.AddrFromSlice(t.LocalIP())
	}
	return peer.Unmap(), here.Unmap()
}
