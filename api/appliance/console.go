package applianceapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/console"
	"ironhook/store"
)

const (
	consoleTail = 64 << 10 // of what is kept, for a reader who names no position
	consolePart = 16 << 10 // the most characters in a message to a reader
)

// consoleView is how a console stands.
type consoleView struct {
	Enabled   bool `json:"enabled"`
	Connected bool `json:"connected"`
	Problem   any  `json:"problem"`
	Since     any  `json:"since"`
	Writer    any  `json:"writer"`
}

func viewConsole(s console.Status) consoleView {
	v := consoleView{Enabled: s.Enabled, Connected: s.Connected, Problem: rest.Text(s.Problem), Writer: rest.Text(s.Writer)}
	if !s.Since.IsZero() {
		v.Since = s.Since.UTC().Format(time.RFC3339)
	}
	return v
}

// consoleStatus answers how the console of a node stands.
func (a *API) consoleStatus(w http.ResponseWriter, r *http.Request) {
	n, err := a.consoleNode(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	rest.Reply(w, http.StatusOK, viewConsole(a.Consoles.Status(n)))
}

// console answers with what a machine has written: the kept text, a stream of server-sent events, or a
// WebSocket, over which an operator may type.
func (a *API) console(w http.ResponseWriter, r *http.Request) {
	n, err := a.consoleNode(r)
	var from int64
	if err == nil {
		from, err = a.consoleFrom(r, n)
	}
	switch {
	case err != nil:
		a.refuse(w, r, err)
	case r.Header.Get("Upgrade") != "":
		a.counted(w, r, func() { a.consoleSocket(w, r, n, from) })
	case streamed(r):
		a.counted(w, r, func() { a.consoleStream(w, r, n, from) })
	default:
		a.consoleText(w, r, n)
	}
}

// consoleNode is the UUID of the node.
func (a *API) consoleNode(r *http.Request) (uuid string, err error) {
	err = a.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err == nil {
			uuid = n.UUID
		}
		return err
	})
	return uuid, err
}

// consoleFrom is where a reader begins: after the Last-Event-ID, at the position that the query gives,
// else a little before the end.
func (a *API) consoleFrom(r *http.Request, node string) (int64, error) {
	given, err := rest.Query(r, "from")
	if err != nil {
		return 0, err
	}
	for _, text := range []string{r.Header.Get("Last-Event-ID"), given["from"]} {
		if text == "" {
			continue
		}
		from, err := strconv.ParseInt(text, 10, 64)
		if err != nil || from < 0 {
			return 0, baremetal.Errorf(baremetal.ErrInvalid, "Expected a position in the console, a number of bytes: %.32q", text)
		}
		return from, nil
	}
	end, err := a.Consoles.End(node)
	return max(0, end-consoleTail), err
}

// consoleText answers with all that is kept. Its characters are the machine's: no browser may take them
// for a page.
func (a *API) consoleText(w http.ResponseWriter, r *http.Request, node string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	for from := int64(0); ; {
		at, b, err := a.Consoles.Read(r.Context(), node, from, consolePart, false)
		if err != nil {
			a.Log.Error("read the kept console", "node", node, "error", err)
			panic(http.ErrAbortHandler) // the answer has begun
		}
		if len(b) == 0 {
			return
		}
		if _, err := w.Write(b); err != nil {
			return
		}
		from = at + int64(len(b))
	}
}

// consoleStream answers with server-sent events: the position after a part as id, and the part in
// base64 as data, because a console may write any bytes.
func (a *API) consoleStream(w http.ResponseWriter, r *http.Request, node string, from int64) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	ctx, cancel := a.ending(r.Context())
	defer cancel()
	message := []byte(":\n\n")
	for {
		if err := send(w, message); err != nil {
			return
		}
		waiting, stop := context.WithTimeout(ctx, heartbeat)
		at, b, err := a.Consoles.Read(waiting, node, from, consolePart, true)
		stop()
		switch {
		case err == nil:
			from = at + int64(len(b))
			message = fmt.Appendf(nil, "id: %d\ndata: %s\n\n", from, base64.StdEncoding.EncodeToString(b))
		case ctx.Err() != nil:
			return
		case errors.Is(err, context.DeadlineExceeded):
			message = []byte(":\n\n")
		default:
			a.Log.Error("read the kept console", "node", node, "error", err)
			return
		}
	}
}

// ending returns a context that ends with the API, too.
func (a *API) ending(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-a.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// typedBy is the writer of a request, for the words that others read.
func typedBy(ctx context.Context) string {
	if user := baremetal.UserOf(ctx); user != "" {
		return user
	}
	return "another client"
}
