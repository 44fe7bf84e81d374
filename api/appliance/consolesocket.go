package applianceapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/console"
)

// mostTyped is the most bytes in one message of a client: more than is pasted at once.
const mostTyped = 64 << 10

// socket is one client of a console over a WebSocket (RFC 6455). Binary messages are characters, in both
// directions. A text message of the client is a word: write, take, release or break. Those of the
// server are JSON: {"status": {...}, "typing": bool}, and {"error": TEXT} for a word that is refused.
type socket struct {
	api    *API
	conn   *websocket.Conn
	node   string
	user   string
	mayAct func() bool // the user may type

	mu     sync.Mutex
	writer *console.Writer // nil while the client only reads
}

// consoleSocket serves one client until it, its account or the server ends. The origin of a page must
// be ours: a browser sends a foreign page's request with the credentials that it has.
func (a *API) consoleSocket(w http.ResponseWriter, r *http.Request, node string, from int64) {
	_, host, _ := strings.Cut(rest.Base(r), "://")
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{host}})
	if err != nil {
		return // it is answered
	}
	defer conn.CloseNow() //nolint:errcheck // it may be closed
	conn.SetReadLimit(mostTyped)
	ctx, cancel := a.ending(r.Context())
	defer cancel()
	s := &socket{api: a, conn: conn, node: node, user: typedBy(ctx), mayAct: a.mayAct(ctx)}
	defer s.release()
	var both sync.WaitGroup
	both.Go(func() { defer cancel(); s.listen(ctx) })
	both.Go(func() { defer cancel(); s.show(ctx, from) })
	s.attend(ctx)
	cancel()
	conn.CloseNow() //nolint:errcheck // ends listen
	both.Wait()
}

// mayAct reports whether the sender of a request may type, also later, when the role may be another.
func (a *API) mayAct(ctx context.Context) func() bool {
	user, role := baremetal.UserOf(ctx), baremetal.RoleOf(ctx)
	return func() bool {
		if now, known := a.Role(user); known {
			return now.Allows(baremetal.RoleOperator)
		}
		return role.Allows(baremetal.RoleOperator)
	}
}

// listen takes what the client sends.
func (s *socket) listen(ctx context.Context) {
	for {
		kind, b, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageBinary {
			err = s.typed(b)
		} else {
			err = s.obey(ctx, string(b))
		}
		if err != nil {
			s.tell(ctx, map[string]any{"error": err.Error()})
		} else if kind == websocket.MessageText {
			s.tellStatus(ctx)
		}
	}
}

func (s *socket) typed(b []byte) error {
	w := s.current()
	if w == nil {
		return baremetal.Errorf(baremetal.ErrConflict, "You only read this console: ask to write first.")
	}
	_, err := w.Write(b)
	return err
}

func (s *socket) obey(ctx context.Context, word string) error {
	switch word {
	case "write", "take":
		if !s.mayAct() {
			return baremetal.Errorf(baremetal.ErrForbidden, "Typing on a console needs the role operator.")
		}
		if s.current() != nil {
			return nil
		}
		w, err := s.api.Consoles.Claim(ctx, s.node, s.user, word == "take")
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.writer = w
		s.mu.Unlock()
		return nil
	case "release":
		s.release()
		return nil
	case "break":
		if w := s.current(); w != nil {
			return w.Break()
		}
		return baremetal.Errorf(baremetal.ErrConflict, "You only read this console: ask to write first.")
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "There is no word %.20q; there are write, take, release and break.", word)
}

// current is the right to type, nil if there is none or another has taken it.
func (s *socket) current() *console.Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer != nil {
		select {
		case <-s.writer.Lost():
			s.writer = nil
		default:
		}
	}
	return s.writer
}

func (s *socket) release() {
	if w := s.current(); w != nil {
		w.Release()
	}
	s.mu.Lock()
	s.writer = nil
	s.mu.Unlock()
}

// show sends what the machine writes.
func (s *socket) show(ctx context.Context, from int64) {
	for {
		at, b, err := s.api.Consoles.Read(ctx, s.node, from, consolePart, true)
		if err != nil {
			return
		}
		from = at + int64(len(b))
		if s.send(ctx, websocket.MessageBinary, b) != nil {
			return
		}
	}
}

// attend tells the client how the console stands whenever that changes, and looks after the connection
// and the account.
func (s *socket) attend(ctx context.Context) {
	beats := time.NewTicker(heartbeat)
	defer beats.Stop()
	var before status
	for {
		changed := s.api.Store.Changed() // each change of a console has an event
		now := s.status()
		if now != before && s.tell(ctx, now) != nil {
			return
		}
		before = now
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-beats.C:
			if !s.mayAct() {
				s.release()
			}
			ping, cancel := context.WithTimeout(ctx, stall)
			err := s.conn.Ping(ping)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

// status is what a client learns.
type status struct {
	Console consoleView `json:"status"`
	Typing  bool        `json:"typing"` // this client may type
}

func (s *socket) status() status {
	return status{viewConsole(s.api.Consoles.Status(s.node)), s.current() != nil}
}

func (s *socket) tellStatus(ctx context.Context) { s.tell(ctx, s.status()) } //nolint:errcheck // the client went away

func (s *socket) tell(ctx context.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.send(ctx, websocket.MessageText, b)
}

func (s *socket) send(ctx context.Context, kind websocket.MessageType, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	return s.conn.Write(ctx, kind, b)
}
