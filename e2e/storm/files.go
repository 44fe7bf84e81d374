package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// blockSize is the TFTP block that UEFI asks for: what fits into a frame of Ethernet.
const blockSize = 1468

// tftp reads a file as firmware does, one block after the other, each asked for again until
// it comes (RFC 1350, RFC 2348), and returns its length.
func (m *machine) tftp(ctx context.Context, server netip.Addr, name string) (int, error) {
	conn, err := m.listen(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	t := transfer{conn: conn, length: 512, to: net.UDPAddrFromAddrPort(netip.AddrPortFrom(server, 69))}
	t.last = []byte("\x00\x01" + name + "\x00octet\x00blksize\x00" + fmt.Sprint(blockSize) + "\x00")
	for !t.done {
		if err := errors.Join(ctx.Err(), t.next()); err != nil {
			return t.size, err
		}
	}
	return t.size, nil
}

// transfer is the state of a download.
type transfer struct {
	conn   net.PacketConn
	to     net.Addr // port 69 at first, then the server's own
	last   []byte   // our last packet, to be sent again
	block  uint16   // the last that arrived
	length int      // of a block, as the server accepts it
	size   int
	done   bool
}

const (
	tftpTries   = 6
	tftpTimeout = 2 * time.Second
)

// next sends the last packet until the next block comes.
func (t *transfer) next() error {
	b := make([]byte, 4+blockSize)
	for range tftpTries {
		if _, err := t.conn.WriteTo(t.last, t.to); err != nil {
			return err
		}
		for until := time.Now().Add(tftpTimeout); ; {
			if err := t.conn.SetReadDeadline(until); err != nil {
				return err
			}
			n, from, err := t.conn.ReadFrom(b)
			if err != nil {
				break // ask again
			}
			if new, err := t.take(b[:n], from); new || err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("TFTP block %d does not come", t.block+1)
}

// take reports whether a packet is the one that was waited for.
func (t *transfer) take(p []byte, from net.Addr) (bool, error) {
	if len(p) < 4 {
		return false, nil
	}
	op, number := binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])
	switch {
	case op == 5:
		return false, fmt.Errorf("TFTP error %d: %s", number, bytes.Trim(p[4:], "\x00"))
	case op == 6 && t.size == 0: // OACK
		if t.length, number = accepted(p[2:]), 0; t.length == 0 {
			return false, fmt.Errorf("TFTP OACK %q without a block size", p[2:])
		}
	case op == 3 && number == t.block+1:
		t.block, t.size = number, t.size+len(p)-4
		t.done = len(p)-4 < t.length
	case op == 3 && number == t.block: // its acknowledgement was lost
		_, err := t.conn.WriteTo(t.last, t.to)
		return false, err
	default:
		return false, nil
	}
	t.to, t.last = from, []byte{0, 4, byte(number >> 8), byte(number)}
	if t.done {
		_, err := t.conn.WriteTo(t.last, t.to)
		return true, err
	}
	return true, nil
}

// accepted returns the block size of an OACK (RFC 2347), 0 if there is none.
func accepted(options []byte) int {
	words := bytes.Split(options, []byte{0})
	for i := 0; i+1 < len(words); i += 2 {
		if strings.EqualFold(string(words[i]), "blksize") {
			n, _ := strconv.Atoi(string(words[i+1])) // 0 on an error
			return n
		}
	}
	return 0
}

// fetch reads a small file by HTTP, as iPXE does, on a connection of its own.
func (m *machine) fetch(ctx context.Context, url string) (string, error) {
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true, DialContext: m.dial}}
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return "", err
	}
	reply, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if reply.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s: %s", url, reply.Status))
	}
	return string(text), err
}
