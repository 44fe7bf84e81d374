package appliance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/internal/limit"
	"ironhook/internal/pace"
	"ironhook/internal/pipes"
)

// watched is the server's end of a connection, which reports when the server closes it.
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
		{name: "a body drop by drop", says: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drips: true, after: time.Minute,
			answer: "HTTP/1.1 200 "},
		{name: "no second request", says: request + "\r\n", after: 2 * time.Minute, answer: "HTTP/1.1 200 "},
		{name: "a second header drop by drop", says: request + "\r\n" + request +
			"X: ", drips: true, after: 10 * time.Second, answer: "HTTP/1.1 200 "},
		{name: "reads no answer", says: request + "\r\n", deaf: true, after: time.Minute},
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
	return connectedTo(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "answer")
	})
}

func connectedTo(t *testing.T, h http.HandlerFunc) (client net.Conn, closed chan struct{}) {
	l := pipes.Listen()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- serveHTTP(ctx, limited(l), h, slog.New(slog.DiscardHandler), func() {})
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

// TestWorkHasNoDeadline has handlers that work for ten minutes, of requests that arrive in
// all ways: the handler is not disturbed, its answer arrives, and so does that of the next
// request on the same connection.
func TestWorkHasNoDeadline(t *testing.T) {
	work := func(t *testing.T, r *http.Request) {
		time.Sleep(10 * time.Minute)
		if err := r.Context().Err(); err != nil {
			t.Errorf("%s %s: its context has ended: %v", r.Method, r.URL, err)
		}
	}
	handlers := map[string]func(*testing.T, http.ResponseWriter, *http.Request){
		"/after the body": func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			if n, err := io.Copy(io.Discard, r.Body); n != r.ContentLength && r.ContentLength >= 0 || err != nil {
				t.Errorf("read %d bytes of %d: %v", n, r.ContentLength, err)
			}
			work(t, r)
		},
		"/before the body": func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			work(t, r)
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
		},
		"/in the body": func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			for err := error(nil); err == nil; {
				work(t, r)
				_, err = io.CopyN(io.Discard, r.Body, 100<<10)
				if err != nil && err != io.EOF {
					t.Error(err)
				}
			}
		},
		"/without the body": func(t *testing.T, w http.ResponseWriter, r *http.Request) { work(t, r) },
		"/in the answer": func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			for range 3 {
				_, err := io.WriteString(w, "part ")
				if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil {
					t.Error(err)
				}
				work(t, r)
			}
		},
	}
	for path, handle := range handlers {
		for name, request := range map[string]string{
			"none":    "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
			"length":  "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 200000),
			"chunked": "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		} {
			t.Run(path[1:]+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client, _ := connectedTo(t, func(w http.ResponseWriter, r *http.Request) {
						handle(t, w, r)
						_, _ = io.WriteString(w, "answer")
					})
					in := bufio.NewReader(client)
					for range 2 {
						go io.WriteString(client, strings.Replace(request, "%s", strings.ReplaceAll(path, " ", "%20"), 1))
						response, err := http.ReadResponse(in, nil)
						if err != nil {
							t.Fatal(err)
						}
						said, err := io.ReadAll(response.Body)
						if err != nil || !strings.HasSuffix(string(said), "answer") || response.StatusCode != http.StatusOK {
							t.Fatalf("answer = %s %q, %v; want 200 and the answer", response.Status, said, err)
						}
					}
				})
			})
		}
	}
}

// TestSlowBody has clients that send a body in ten pieces, with a pause before each: what
// counts is not how long it takes, but that a portion arrives within the patience.
func TestSlowBody(t *testing.T) {
	for _, test := range []struct {
		piece int
		pause time.Duration
		whole bool
	}{
		{pace.Portion, 50 * time.Second, true},
		{pace.Portion, 70 * time.Second, false},
		{pace.Portion / 2, 25 * time.Second, true},
		{pace.Portion / 2, 35 * time.Second, false},
		{1, 5 * time.Second, true},
		{1, 7 * time.Second, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			length := 10 * test.piece
			got := make(chan int64, 1)
			client, _ := connectedTo(t, func(_ http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				got <- n
			})
			go io.Copy(io.Discard, client)
			fmt.Fprintf(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", length)
			var sending sync.WaitGroup
			sending.Go(func() {
				for err := error(nil); err == nil; {
					time.Sleep(test.pause)
					_, err = client.Write(make([]byte, test.piece))
				}
			})
			if n := <-got; (n == int64(length)) != test.whole {
				t.Errorf("%d of %d bytes arrived in pieces of %d every %v; want all: %v", n, length, test.piece, test.pause, test.whole)
			}
			client.Close()
			sending.Wait()
		})
	}
}

// Any client can make the server complain: that is no flood of lines, and how many were left out is said.
func TestComplaintsAreSpared(t *testing.T) {
	var b strings.Builder
	h := sparing{slog.NewTextHandler(&b, nil), limit.NewBucket(limit.HTTPErrorLines)}
	begun := time.Now()
	for n := range 1000 {
		r := slog.NewRecord(begun.Add(time.Duration(n)*time.Millisecond), slog.LevelWarn, "http: TLS handshake error", 0)
		if err := h.Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Handle(t.Context(), slog.NewRecord(begun.Add(time.Minute), slog.LevelWarn, "last", 0)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n"); got != 21 || !strings.Contains(b.String(), `msg=last "left out before"=980`) {
		t.Errorf("%d lines, and the last says %q", got, b.String()[strings.LastIndex(strings.TrimSpace(b.String()), "\n")+1:])
	}
}
