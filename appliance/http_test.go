package appliance

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/internal/pipes"
)

// watched is the server's end of a connection, which tells when the server closes it.
type watched struct {
	net.Conn
	closed func()
}

func (w watched) Close() error {
	w.closed()
	return w.Conn.Close()
}

// TestServerOutlastsItsClients has clients that would hold a connection for ever, and
// looks when the server lets go of each.
func TestServerOutlastsItsClients(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n"
	for _, test := range []struct {
		name, says string
		drips      bool // then goes on, a byte a second
		deaf       bool // and reads nothing
		after      time.Duration
		answer     string
	}{
		{name: "silent", after: 10 * time.Second},
		{name: "half a header", says: request, after: 10 * time.Second},
		{name: "a header drop by drop", says: request + "X: ", drips: true, after: 10 * time.Second},
		{name: "a header without end", says: request + "X: " + strings.Repeat("x", 80<<10), after: 0, answer: "HTTP/1.1 431 "},
		{name: "a body drop by drop", says: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drips: true, after: time.Minute, answer: "HTTP/1.1 200 "},
		{name: "no second request", says: request + "\r\n", after: 2 * time.Minute, answer: "HTTP/1.1 200 "},
		{name: "a second header drop by drop", says: request + "\r\n" + request + "X: ", drips: true, after: 10 * time.Second, answer: "HTTP/1.1 200 "},
		{name: "reads no answer", says: request + "\r\n", deaf: true, after: 2 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, closed := connected(t)
				answer := make(chan string, 1)
				start := time.Now()
				var both sync.WaitGroup
				both.Go(func() {
					_, err := io.WriteString(client, test.says)
					for test.drips && err == nil {
						time.Sleep(time.Second)
						_, err = client.Write([]byte("x"))
					}
				})
				if !test.deaf {
					both.Go(func() {
						all, _ := io.ReadAll(client)
						answer <- string(all)
					})
				}
				<-closed
				both.Wait()
				// net/http lingers for a moment, so that its last words arrive.
				if took := time.Since(start); took < test.after || took > test.after+time.Second {
					t.Errorf("closed after %v, want %v", took, test.after)
				}
				if test.deaf {
					return
				}
				if got := <-answer; !strings.HasPrefix(got, test.answer) || test.answer == "" && got != "" {
					t.Errorf("answer = %q, want %q", got, test.answer)
				}
			})
		})
	}
}

// connected is a client's connection to a server that reads what it is sent and then
// answers, and a channel that is closed when the server closes the connection.
func connected(t *testing.T) (client net.Conn, closed chan struct{}) {
	l := pipes.Listen()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- serveHTTP(ctx, limited(l), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "answer")
		}), slog.New(slog.DiscardHandler), func() {})
	}()
	client, theirs := net.Pipe()
	closed = make(chan struct{})
	l.Hand(watched{theirs, sync.OnceFunc(func() { close(closed) })})
	t.Cleanup(func() {
		client.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return client, closed
}
