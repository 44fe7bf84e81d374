package http

import (
	"context"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"ironhook/ipxe"
)

// listening runs a server on loopback until the test ends and returns its address.
func listening(t *testing.T) string {
	t.Helper()
	s, _ := newServer(t, func(context.Context, Request) (Answer, error) {
		return Answer{Script: ipxe.Notice(ipxe.NextDevice, "hello")}, nil
	})
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "127.0.0.1:" + port
}

// dial connects from an address of the loopback.
func dial(t *testing.T, from, to string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A host that opens connections without completing a request gets only its share of them,
// and another machine is answered at once.
func TestSlowHostLeavesRoom(t *testing.T) {
	address := listening(t)
	for range 200 {
		if _, err := io.WriteString(dial(t, "127.0.0.9", address), "GET /boot.ipxe HTTP/1.1\r\nX-Slow: "); err != nil {
			break // closed at once: its share is used up
		}
	}
	client := &nethttp.Client{Timeout: 5 * time.Second}
	for range 20 {
		response, err := client.Get("http://" + address + "/boot/" + mac)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.Contains(string(body), "hello") {
			t.Fatalf("answered %q, %v", body, err)
		}
	}
}

// Malformed requests are refused, and the server goes on.
func TestMalformedRequests(t *testing.T) {
	address := listening(t)
	for _, c := range []struct{ request, status string }{
		{"GET /boot/../../etc/passwd HTTP/1.0\r\n\r\n", "301"},
		{"GET //boot/%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n", "301"},
		{"GET /ipxe/snponly.efi%00.txt HTTP/1.0\r\n\r\n", "404"},
		{"GET /ipxe/.. HTTP/1.0\r\n\r\n", "301"},
		{`GET /ipxe/..\..\etc HTTP/1.0` + "\r\n\r\n", "404"},
		{"GET /boot/52-54-00-00-00-01%0a%0dchain HTTP/1.0\r\n\r\n", "404"},
		{"GET /boot/52-54-00-00-00-01;shell HTTP/1.0\r\n\r\n", "404"},
		{"GET /boot/" + strings.Repeat("A", 9000) + " HTTP/1.0\r\n\r\n", "404"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("A", 20_000) + "\r\n\r\n", "431"},
		{"POST /boot/52-54-00-00-00-01 HTTP/1.0\r\nContent-Length: 999999999\r\n\r\n", "405"},
		{"GET /boot/52-54-00-00-00-01 HTTP/1.1\r\n\r\n", "400"}, // no Host
		{"\x16\x03\x01\x00\x05hello\r\n\r\n", "400"},
	} {
		conn := dial(t, "127.0.0.3", address)
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, c.request) // may be cut off in the middle
		answer := make([]byte, 512)
		n, err := io.ReadAtLeast(conn, answer, len("HTTP/1.1 404"))
		if err != nil || !strings.HasPrefix(string(answer[9:n]), c.status) {
			t.Errorf("%.60q was answered %.60q, %v, want %s", c.request, answer[:n], err, c.status)
		}
	}
	if response, err := nethttp.Get("http://" + address + "/boot.ipxe"); err != nil || response.StatusCode != 200 {
		t.Errorf("afterwards: %v, %v", response, err)
	} else {
		response.Body.Close()
	}
}
