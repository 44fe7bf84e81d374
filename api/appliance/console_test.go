package applianceapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"ironhook/baremetal"
	"ironhook/console"
	"ironhook/store"
	"ironhook/store/storetest"
)

const consoleNode = "c0ffee00-0000-4000-8000-000000000007"

// echoing is a console that echoes what is typed.
type echoing struct {
	*io.PipeReader
	back *io.PipeWriter
}

func (l echoing) Write(p []byte) (int, error) { return l.back.Write(p) }
func (l echoing) Break() error                { _, err := l.back.Write([]byte("<break>")); return err }

// consoles is the API over a node whose console greets and echoes; each request is of the user and role that its
// headers say.
func consoles(t *testing.T) *httptest.Server {
	t.Helper()
	s := storetest.Open(t)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Nodes().Insert(&baremetal.Node{UUID: consoleNode, Name: "pc-07", Driver: "ipmi", ConsoleEnabled: true,
			Interfaces: baremetal.Interfaces{"console": "ipmitool-socat"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	hub := console.New(console.Config{Store: s, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Open: func(context.Context, string) (baremetal.Terminal, error) {
			r, w := io.Pipe()
			go w.Write([]byte("login: ")) //nolint:errcheck // the test is over
			return echoing{r, w}, nil
		}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); hub.Run(ctx) }() //nolint:errcheck // it returns none
	a := New(Config{Store: s, Consoles: hub, Log: slog.New(slog.DiscardHandler),
		Role: func(string) (baremetal.Role, bool) { return "", false }})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := baremetal.WithRole(baremetal.WithUser(r.Context(), r.Header.Get("User")), baremetal.Role(r.Header.Get("Role")))
		a.ServeHTTP(w, r.WithContext(of))
	}))
	t.Cleanup(func() { a.Close(); server.Close(); cancel(); <-ended })
	return server
}

// client is one that has joined the console.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func join(t *testing.T, server *httptest.Server, user, role string) client {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), server.URL+"/ironhook/v1/nodes/pc-07/console?from=0",
		&websocket.DialOptions{HTTPHeader: http.Header{"User": {user}, "Role": {role}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return client{t, conn}
}

// until reads messages of a kind until one holds a text.
func (c client) until(kind websocket.MessageType, text string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	got := ""
	for !strings.Contains(got, text) {
		is, b, err := c.conn.Read(ctx)
		if err != nil {
			c.t.Fatalf("after %q: %v, want %q", got, err, text)
		}
		if is == kind {
			got += string(b)
		}
	}
	return got
}

func (c client) send(kind websocket.MessageType, text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), kind, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

const said, typed = websocket.MessageText, websocket.MessageBinary

// TestConsoleSocket: everybody reads, an operator types, one at a time.
func TestConsoleSocket(t *testing.T) {
	server := consoles(t)
	anna, bert, carl := join(t, server, "anna", "operator"), join(t, server, "bert", "admin"), join(t, server, "carl", "viewer")
	for _, c := range []client{anna, bert, carl} {
		c.until(typed, "login: ")
	}
	carl.send(typed, "root")
	carl.until(said, `"error":"You only read this console`)
	carl.send(said, "write")
	carl.until(said, "needs the role operator")
	anna.send(said, "write")
	anna.until(said, `"typing":true`)
	anna.send(typed, "root\r")
	carl.until(typed, "root\r")
	bert.send(said, "write")
	bert.until(said, "anna types on this console")
	bert.send(said, "take")
	bert.until(said, `"typing":true`)
	anna.until(said, `"writer":"bert"},"typing":false`)
	bert.send(said, "break")
	carl.until(typed, "<break>")
	bert.send(said, "reboot")
	bert.until(said, "There is no word")
}

// TestConsoleReaders without a WebSocket: the text, and a stream that goes on where its reader stood.
func TestConsoleReaders(t *testing.T) {
	server := consoles(t)
	join(t, server, "anna", "viewer").until(typed, "login: ")
	get := func(header http.Header) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/ironhook/v1/nodes/pc-07/console", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	if b, err := io.ReadAll(get(http.Header{}).Body); err != nil || string(b) != "login: " {
		t.Errorf("text %q, %v", b, err)
	}
	stream := get(http.Header{"Accept": {"text/event-stream"}, "Last-Event-Id": {"3"}})
	buf := make([]byte, 1024)
	got := ""
	for !strings.Contains(got, "data: ") {
		n, err := stream.Body.Read(buf)
		if got += string(buf[:n]); err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if want := "id: 7\ndata: " + base64.StdEncoding.EncodeToString([]byte("in: ")) + "\n\n"; !strings.HasSuffix(got, want) {
		t.Errorf("stream %q, want %q", got, want)
	}
	for name, header := range map[string]http.Header{
		"a foreign page": {"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Origin": {"https://evil.example"}},
		"a false position": {"Accept": {"text/event-stream"}, "Last-Event-Id": {"-1"}},
	} {
		if answer := get(header); answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
	var status consoleView
	answer, err := http.Get(server.URL + "/ironhook/v1/nodes/pc-07/console/status")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil || !status.Enabled || !status.Connected || status.Problem != nil {
		t.Errorf("status %+v, %v", status, err)
	}
}
