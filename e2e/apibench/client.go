package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// client is one connection, and one request at a time on it. It is not http.Client:
// the load runs on the processors of the server it measures, and the two goroutines
// which that has for each connection would be part of every figure.
type client struct {
	*server
	conn net.Conn
	in   *bufio.Reader
}

// patience is how long a client waits for one answer.
const patience = 5 * time.Minute

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *client) dial(ctx context.Context) (err error) {
	if c.conn != nil {
		return nil
	}
	var d net.Dialer
	if c.conn, err = d.DialContext(ctx, "tcp", c.host()); err != nil {
		return err
	}
	c.in = bufio.NewReader(c.conn)
	return nil
}

func (s *server) host() string { return strings.TrimPrefix(s.url, "http://") }

// send sends a request, on a new connection where the server has ended the last, and
// returns the body of its success.
func (c *client) send(ctx context.Context, q request) ([]byte, error) {
	if err := errors.Join(ctx.Err(), c.dial(ctx)); err != nil {
		return nil, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	_, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: %s\r\nX-OpenStack-Ironic-API-Version: 1.82\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", q.method, q.path, c.host(), len(q.body), q.body)
	if err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.Close {
		c.close()
	}
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %.300s", q.method, q.path, resp.Status, body)
	}
	return body, nil
}
