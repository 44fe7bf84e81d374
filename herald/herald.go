package herald

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/egress"
	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	patience = 10 * time.Second // for one post
	attempts = 10               // at an event, over some 8 minutes; then it is given up
	longest  = 5 * time.Minute  // between two attempts
	batch    = 50               // events between two notes of a hook's place
	lull     = 30 * time.Second // after which the hooks are looked at without a commit
)

// Herald posts events. Its methods are safe for concurrent use.
type Herald struct {
	Store *store.Store
	Log   *slog.Logger

	mu     sync.Mutex
	busy   map[string]bool // by UUID of the hook
	client *http.Client
}

// New makes a herald, which posts nothing before Run. to says which addresses besides public
// ones may be posted to.
func New(s *store.Store, to egress.Policy, log *slog.Logger) *Herald {
	return &Herald{Store: s, Log: log, busy: map[string]bool{}, client: &http.Client{
		Transport:     to.For(egress.Purpose{Nothing: "to which no event is sent", Option: "webhook-to"}).Transport(patience),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Run posts until ctx ends. Each hook has a goroutine of its own while it has something to
// take: a slow one delays no other.
func (h *Herald) Run(ctx context.Context) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	ended := make(chan struct{}, 1)
	for {
		changed, begun := h.Store.Changed(), time.Now()
		due, pause, err := h.due(ctx)
		if err != nil && ctx.Err() == nil {
			h.Log.Error("read the webhooks", "error", err)
		}
		for _, hook := range due {
			tasks.Go(func() {
				h.deliver(ctx, hook)
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		if limit.Rest(ctx, time.Since(begun)) != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-ended:
		case <-time.After(pause):
		}
	}
}

// due takes the hooks for which there are events and whose pause is over, and returns how long to wait for the next.
func (h *Herald) due(ctx context.Context) (due []*baremetal.Hook, pause time.Duration, err error) {
	pause = lull
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		hooks, err := tx.Hooks().List(store.Where("enabled", true))
		if err != nil || len(hooks) == 0 {
			return err
		}
		last, err := tx.Events(store.EventQuery{Last: true, Limit: 1})
		if err != nil || len(last) == 0 {
			return err
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, hook := range hooks {
			wait := hook.RetryAt.Sub(tx.Now())
			switch {
			case h.busy[hook.UUID] || hook.Position >= last[0].Seq:
			case wait > 0:
				pause = min(pause, wait)
			default:
				h.busy[hook.UUID] = true
				due = append(due, hook)
			}
		}
		return nil
	})
	return due, pause, err
}

// deliver posts what there is for a hook, until it has all or does not take one.
func (h *Herald) deliver(ctx context.Context, hook *baremetal.Hook) {
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.busy, hook.UUID)
	}()
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = h.some(ctx, hook); err != nil && ctx.Err() == nil {
			h.Log.Error("deliver events to a webhook", "webhook", hook.UUID, "error", err)
			return
		}
	}
}

// some posts a batch, and notes how far it came. more reports whether there may be another.
func (h *Herald) some(ctx context.Context, hook *baremetal.Hook) (more bool, err error) {
	var events []*baremetal.Event
	var newest int64
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		last, err := tx.Events(store.EventQuery{Last: true, Limit: 1})
		if err == nil && len(last) > 0 {
			newest = last[0].Seq
		}
		if err == nil {
			events, err = tx.Events(store.EventQuery{After: hook.Position, Node: hook.Node, Kinds: hook.Kinds, Limit: batch})
		}
		return err
	})
	if err != nil {
		return false, err
	}
	position, sent := hook.Position, 0
	var failed error
	var undelivered *baremetal.Event
	for _, e := range events {
		text, err := body(e)
		if err == nil {
			err = post(ctx, h.client, hook, e.Seq, text)
		}
		if err != nil && ctx.Err() != nil {
			break // interrupted: the next start sends it again
		}
		if err != nil {
			failed, undelivered = err, e
			break
		}
		position, sent = e.Seq, sent+1
	}
	if failed == nil && len(events) < batch && ctx.Err() == nil {
		position = max(position, newest) // what did not concern it
	}
	return failed == nil && len(events) == batch, h.note(ctx, hook, position, sent, undelivered, failed)
}

// note writes down how far a hook came, and what it did not take. A hook that was changed
// meanwhile keeps the change; one that was deleted is gone.
func (h *Herald) note(ctx context.Context, hook *baremetal.Hook, position int64, sent int, undelivered *baremetal.Event,
	failed error) error {
	return h.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		now, err := tx.Hooks().Get(hook.UUID)
		if errors.Is(err, baremetal.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now.Position = max(now.Position, position)
		if sent > 0 {
			now.Attempts, now.Failures, now.RetryAt, now.LastError, now.Delivered = 0, 0, time.Time{}, "", tx.Now()
		}
		if failed != nil {
			now.Attempts, now.Failures, now.LastError = now.Attempts+1, now.Failures+1, failed.Error()
			now.RetryAt = tx.Now().Add(pauseAfter(now.Failures))
			if err := h.giveUp(tx, now, undelivered); err != nil {
				return err
			}
		}
		*hook = *now
		return tx.Hooks().Update(now)
	})
}

// pauseAfter doubles with each failure, from a second on.
func pauseAfter(failures int64) time.Duration {
	return min(time.Second<<min(failures-1, 20), longest)
}

// giveUp makes a dead letter of an event after the last attempt. A receiver that says it is gone
// (410) is told nothing any more.
func (h *Herald) giveUp(tx *store.Tx, hook *baremetal.Hook, e *baremetal.Event) error {
	if hook.LastError != "" && isGone(hook.LastError) {
		hook.Enabled = false
		h.Log.Warn("a webhook says that it is gone, and is switched off", "webhook", hook.UUID)
		return nil
	}
	if hook.Attempts < attempts {
		return nil
	}
	text, err := body(e)
	if err != nil {
		return err
	}
	h.Log.Warn("an event is given up", "webhook", hook.UUID, "event", e.Seq, "error", hook.LastError)
	letter := &baremetal.DeadLetter{UUID: newUUID(), Hook: hook.UUID, Seq: e.Seq, Body: text, Attempts: hook.Attempts, Error: hook.LastError}
	hook.Attempts, hook.Position = 0, e.Seq
	return bury(tx, letter)
}
