package limit

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Which connection goes for a new one: names of connections that are open, oldest first,
// each with the last octet of its source, and "!" when it is busy, "?" when its request has stalled.
func TestWhichConnectionGives(t *testing.T) {
	for _, c := range []struct {
		name  string
		open  []string
		from  string
		loser string // "": none; "new": the new one
	}{
		{"room", []string{"a1", "b1"}, "1", ""},
		{"a source at its bound gives its own idle one", []string{"a2", "b1", "c1", "d1"}, "1", "b1"},
		{"a busy one stays", []string{"a2", "b1!", "c1", "d1"}, "1", "c1"},
		{"a source whose own are all busy gets no more", []string{"a2", "b1!", "c1!", "d1!"}, "1", "new"},
		{"at the bound of all the largest source gives", []string{"a1", "b2", "c2", "d2", "e3", "f3"}, "4", "b2"},
		{"the largest is busy", []string{"a1", "b2!", "c2!", "d2!", "e3", "f3"}, "4", "e3"},
		{"all are busy", []string{"a1!", "b2!", "c2!", "d2!", "e3!", "f3!"}, "4", "new"},
		{"of many small ones any that can", []string{"a1!", "b2!", "c3?", "d4", "e5", "f6?"}, "7", "d4"},
		{"one that has stalled gives", []string{"a1!", "b1!", "c1?", "d1?"}, "1", "c1?"},
		{"and one that is idle before it", []string{"a1?", "b1!", "c1"}, "1", "c1"},
	} {
		conns := NewConns(3, 6, SourceOf, APIConnections, APISilence)
		named := map[*conn]string{nil: ""}
		for n, name := range c.open {
			o := &conn{source: netip.MustParseAddr("192.0.2." + name[1:2]), since: time.Unix(int64(n), 0)}
			if len(name) > 2 {
				o.busy = 1
			}
			if o.got.Store(int64(n)); strings.HasSuffix(name, "?") {
				o.waits.Store(1)
			}
			named[o] = name
			conns.open = append(conns.open, o)
		}
		next := &conn{source: netip.MustParseAddr("192.0.2." + c.from)}
		named[next] = "new"
		loser := conns.enter(next)
		if named[loser] != c.loser {
			t.Errorf("%s: %q goes, want %q", c.name, named[loser], c.loser)
		}
		if in := slices.Contains(conns.open, next); in != (loser != next) {
			t.Errorf("%s: the new one is counted: %v", c.name, in)
		}
		if loser != nil && slices.Contains(conns.open, loser) {
			t.Errorf("%s: the one that goes is still counted", c.name)
		}
	}
}

// memory is a listener of connections within the process.
type memory chan net.Conn

func (m memory) Accept() (net.Conn, error) {
	c, ok := <-m
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (m memory) Close() error   { close(m); return nil }
func (m memory) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection whose peer has an address.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr)) }

// Connections that are held, whatever they sent, give way to a request; those whose
// requests are worked on do not.
func TestIdleConnectionsGiveWay(t *testing.T) {
	for _, c := range []struct {
		name, said string
		gives      bool
	}{
		{"nothing", "", true},
		{"half a request", "GET / HTTP/1.1\r\nHost: x\r\n", true},
		{"a request, kept alive", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
		{"half of the next", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /", true},
		{"a request that is worked on", "GET /last HTTP/1.1\r\nHost: x\r\n\r\n", false},
		{"half of a body that is read", "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", true},
		{"an answer that is not taken", "GET /much HTTP/1.1\r\nHost: x\r\n\r\n", true},
		{"a wait for what may never come", "GET /record HTTP/1.1\r\nHost: x\r\n\r\n", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			last := make(chan struct{})
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/last":
					<-last
				case "/record":
					defer Yield(r.Context())()
					<-last
				case "/much":
					w.Write(make([]byte, 1<<20))
				case "/read":
					io.Copy(io.Discard, r.Body)
				}
			})}
			Attend(server)
			l := make(memory)
			ended := make(chan error)
			go func() { ended <- server.Serve(NewConns(2, 4, SourceOf, APIConnections, APISilence).Listener(l)) }()
			dial := func(addr, text string) net.Conn {
				ours, theirs := net.Pipe()
				l <- from{theirs, addr}
				go ours.Write([]byte(text))
				synctest.Wait()
				return ours
			}
			var held []net.Conn
			for _, addr := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "192.0.2.2:2"} {
				held = append(held, dial(addr, c.said))
				if !strings.Contains(c.said, "/much") {
					go io.Copy(io.Discard, held[len(held)-1])
				}
			}
			time.Sleep(2 * stalled)
			synctest.Wait()
			honest := dial("192.0.2.3:1", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			honest.SetReadDeadline(time.Now().Add(time.Second))
			resp, err := http.ReadResponse(bufio.NewReader(honest), nil)
			served := err == nil && resp.StatusCode == http.StatusOK
			if served != c.gives {
				t.Errorf("%s: a request of another source is answered: %v, want %v (%v)", c.name, served, c.gives, err)
			}
			close(last)
			for _, c := range append(held, honest) {
				c.Close()
			}
			server.Shutdown(context.Background())
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	}
}
