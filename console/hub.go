package console

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Config is what a Hub works with; all of it must be set.
type Config struct {
	Store *store.Store
	Dir   string // of the kept consoles
	// Open opens the console of a node.
	Open func(ctx context.Context, node string) (baremetal.Terminal, error)
	Log  *slog.Logger
}

// Hub holds the consoles. It is safe for concurrent use.
type Hub struct {
	Config
	mu    sync.Mutex
	lines map[string]*line // by the UUID of the node
}

// Status is how a console stands.
type Status struct {
	Enabled   bool
	Connected bool
	Problem   string    // why it is not connected; "" if it is, or was not tried
	Since     time.Time // of this state; zero if it was never tried
	Writer    string    // who types, "" for nobody
}

// New makes a hub. It opens nothing.
func New(c Config) *Hub { return &Hub{Config: c, lines: map[string]*line{}} }

// lull is the time between two looks at which consoles are enabled.
const lull = time.Second

// Run holds the consoles of all nodes that have theirs enabled until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	defer h.only(context.WithoutCancel(ctx), nil)
	for ctx.Err() == nil {
		commit := h.Store.Changed()
		enabled, err := h.enabled(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			h.Log.Error("read which consoles are enabled", "error", err)
			limit.Backoff(ctx)
			continue
		}
		h.only(ctx, enabled)
		if err := h.forget(ctx, enabled); err != nil && ctx.Err() == nil {
			h.Log.Error("forget the consoles of deleted nodes", "error", err)
		}
		if limit.Pause(ctx, lull) != nil {
			return nil
		}
		select {
		case <-commit:
		case <-ctx.Done():
		}
	}
	return nil
}

// enabled are the nodes whose console is to be held.
func (h *Hub) enabled(ctx context.Context) (map[string]bool, error) {
	enabled := map[string]bool{}
	err := h.Store.View(ctx, func(tx *store.Tx) error {
		nodes, err := tx.Nodes().List(store.Where("console_enabled", true))
		for _, n := range nodes {
			enabled[n.UUID] = n.Interfaces.HasLine()
		}
		return err
	})
	return enabled, err
}

// only starts the lines of these nodes and ends all others; it returns when they have ended.
func (h *Hub) only(ctx context.Context, enabled map[string]bool) {
	var ending []*line
	h.mu.Lock()
	for node, l := range h.lines {
		if l.stop != nil && !enabled[node] {
			ending = append(ending, l)
		}
	}
	h.mu.Unlock()
	for _, l := range ending {
		l.stop()
		<-l.ended
		l.mu.Lock()
		l.stop, l.problem = nil, ""
		l.mu.Unlock()
	}
	for node, is := range enabled {
		if !is {
			continue
		}
		l, err := h.line(node)
		if err != nil {
			h.Log.Error("open the kept console", "node", node, "error", err)
			continue
		}
		if l.stop == nil {
			keeping, stop := context.WithCancel(ctx)
			l.mu.Lock()
			l.stop, l.ended = stop, make(chan struct{})
			l.mu.Unlock()
			go l.keep(keeping)
		}
	}
}

// forget drops what is kept of nodes that there are not any more.
func (h *Hub) forget(ctx context.Context, enabled map[string]bool) error {
	entries, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		node := e.Name()
		if enabled[node] {
			continue
		}
		err := h.Store.View(ctx, func(tx *store.Tx) error {
			_, err := tx.Nodes().Get(node)
			return err
		})
		if !errors.Is(err, baremetal.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		h.mu.Lock()
		delete(h.lines, node)
		h.mu.Unlock()
		if err := os.RemoveAll(filepath.Join(h.Dir, node)); err != nil {
			return err
		}
	}
	return nil
}

// line is the console of a node, enabled or not.
func (h *Hub) line(node string) (*line, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.lines[node]; l != nil {
		return l, nil
	}
	k, err := openKept(filepath.Join(h.Dir, node))
	if err != nil {
		return nil, err
	}
	l := &line{hub: h, node: node, kept: k}
	h.lines[node] = l
	return l, nil
}

// Read returns what a node, by its UUID, has written at a position, and where that begins. If there is
// nothing yet, it waits for it until ctx ends, if wait says so.
func (h *Hub) Read(ctx context.Context, node string, from int64, most int, wait bool) (at int64, b []byte, err error) {
	l, err := h.line(node)
	if err != nil {
		return 0, nil, err
	}
	for {
		at, b, more, err := l.kept.read(from, most)
		if err != nil || len(b) > 0 || !wait {
			return at, b, err
		}
		from = at
		select {
		case <-more:
		case <-ctx.Done():
			return at, nil, ctx.Err()
		}
	}
}

// End is the position after all that a node has written.
func (h *Hub) End(node string) (int64, error) {
	at, _, err := h.Read(context.Background(), node, 1<<62, 0, false)
	return at, err
}

// Status is how the console of a node stands.
func (h *Hub) Status(node string) Status {
	l, err := h.line(node)
	if err != nil {
		return Status{Problem: err.Error()}
	}
	return l.status()
}

// Claim gives a user the right to type on the console of a node. Another user who has it is
// [baremetal.ErrConflict], unless take says that it is taken from them.
func (h *Hub) Claim(ctx context.Context, node, who string, take bool) (*Writer, error) {
	l, err := h.line(node)
	if err != nil {
		return nil, err
	}
	w := &Writer{line: l, who: who, lost: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer != nil && !take {
		return nil, baremetal.Errorf(baremetal.ErrConflict, "%s types on this console: only read, or take it.", l.writer.who)
	}
	if l.writer != nil {
		close(l.writer.lost)
	}
	l.writer = w
	h.note(ctx, node, "console: a user may type")
	return w, nil
}

// note appends an event. One that cannot be written must not end the console.
func (h *Hub) note(ctx context.Context, node, detail string) {
	err := h.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return tx.Append(baremetal.Event{Node: node, Kind: baremetal.EventNode, Detail: detail})
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		h.Log.Error("append an event of a console", "node", node, "error", err)
	}
}
