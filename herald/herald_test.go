package herald

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/internal/egress"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver takes events as a service does that follows Standard Webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int      // of its answers; 0 is 204
	secret string   // that signatures are held against
	got    []string // details of the events that it accepted
	tried  int
	wrong  error // with a request
	came   chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{came: make(chan struct{}, 1000)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.came <- struct{}{} }()
	r.tried++
	text, err := io.ReadAll(q.Body)
	var message struct {
		Type string
		Data struct{ Detail string }
	}
	err = errors.Join(err, json.Unmarshal(text, &message))
	seconds, _ := strconv.ParseInt(q.Header.Get("Webhook-Timestamp"), 10, 64)
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	if err != nil || sign(key, q.Header.Get("Webhook-Id"), time.Unix(seconds, 0), string(text)) != q.Header.Get("Webhook-Signature") ||
		time.Since(time.Unix(seconds, 0)) > time.Minute {
		r.wrong = fmt.Errorf("%v %s: %w", q.Header, text, err)
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	r.got = append(r.got, message.Type+" "+message.Data.Detail)
	w.WriteHeader(http.StatusNoContent)
}

// answer changes what the receiver answers.
func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// await waits until it has been asked so often.
func (r *receiver) await(t *testing.T, times int) {
	t.Helper()
	for range times {
		select {
		case <-r.came:
		case <-time.After(time.Minute):
			t.Fatal("no post")
		}
	}
}

func (r *receiver) accepted() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(strings.Join(r.got, ", "), r.wrong)
}

func house(t *testing.T, to string) (h *Herald, log *strings.Builder) {
	t.Helper()
	policy, err := egress.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	log = &strings.Builder{}
	return New(storetest.Open(t), policy, slog.New(slog.NewTextHandler(log, nil))), log
}

// begin runs a herald until the test ends, or the returned function is called.
func begin(t *testing.T, h *Herald) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}

func add(t *testing.T, h *Herald, r *receiver, path string, kinds ...baremetal.EventKind) *baremetal.Hook {
	t.Helper()
	to := r.URL + path
	hook, err := h.Add(t.Context(), Change{URL: &to, Kinds: &kinds})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = hook.Secret
	return hook
}

func happen(t *testing.T, h *Herald, kind baremetal.EventKind, details ...string) {
	t.Helper()
	for _, d := range details {
		if err := h.Store.Append(t.Context(), baremetal.Event{Kind: kind, Detail: d}); err != nil {
			t.Fatal(err)
		}
	}
}

// until reads the hook until the condition holds.
func until(t *testing.T, h *Herald, id string, holds func(*baremetal.Hook) bool) (hook *baremetal.Hook) {
	t.Helper()
	for {
		changed := h.Store.Changed()
		err := h.Store.View(t.Context(), func(tx *store.Tx) (err error) { hook, err = tx.Hooks().Get(id); return err })
		if err != nil {
			t.Fatal(err)
		}
		if holds(hook) {
			return hook
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatalf("the hook stays %+v", hook)
		}
	}
}

// TestEventsArePosted in order, signed, those of the wanted kinds only, and from where the
// hook stood also after a restart.
func TestEventsArePosted(t *testing.T) {
	h, _ := house(t, "loopback")
	r := newReceiver(t)
	happen(t, h, baremetal.EventNode, "before")
	hook := add(t, h, r, "/all", baremetal.EventNode)
	end := begin(t, h)
	happen(t, h, baremetal.EventNode, "one", "two")
	happen(t, h, baremetal.EventError, "of another kind")
	r.await(t, 2)
	until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Position >= 5 && hook.Failures == 0 })
	end()
	happen(t, h, baremetal.EventNode, "while it was down")
	begin(t, New(h.Store, egressTo(t, "loopback"), h.Log))
	r.await(t, 1)
	if want := "ironhook.node one, ironhook.node two, ironhook.node while it was down<nil>"; r.accepted() != want {
		t.Errorf("got %s, want %s", r.accepted(), want)
	}
}

func egressTo(t *testing.T, list string) egress.Policy {
	t.Helper()
	p, err := egress.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAHookThatFails is tried again, holds its events back in order, and neither the state
// nor the log shows the path of its URL.
func TestAHookThatFails(t *testing.T) {
	h, log := house(t, "loopback")
	r := newReceiver(t)
	r.answer(http.StatusInternalServerError)
	hook := add(t, h, r, "/services/marker-secret")
	end := begin(t, h)
	happen(t, h, baremetal.EventNode, "one", "two")
	failed := until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Failures > 0 })
	if failed.RetryAt.IsZero() || !strings.Contains(failed.LastError, "it answered 500 Internal Server Error") ||
		strings.Contains(failed.LastError, "marker") {
		t.Errorf("after a failure: %q, again at %v", failed.LastError, failed.RetryAt)
	}
	r.answer(0)
	until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Failures == 0 && hook.LastError == "" })
	for !strings.Contains(r.accepted(), "two") {
		r.await(t, 1)
	}
	if got := r.accepted(); !strings.HasSuffix(got, "ironhook.node one, ironhook.node two<nil>") {
		t.Errorf("got %s", got)
	}
	r.Close()
	happen(t, h, baremetal.EventNode, "three")
	failed = until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Failures > 0 })
	end()
	if strings.Contains(failed.LastError+log.String(), "marker") {
		t.Errorf("the path of the URL is shown: %q, log %s", failed.LastError, log)
	}
}

// TestDeadLetters: what is not taken after the last attempt, by itself and sent again.
func TestDeadLetters(t *testing.T) {
	h, _ := house(t, "loopback")
	r := newReceiver(t)
	r.answer(http.StatusBadRequest)
	hook := add(t, h, r, "/", baremetal.EventNode)
	err := h.Store.Update(t.Context(), func(tx *store.Tx) error {
		now, err := tx.Hooks().Get(hook.UUID)
		now.Attempts = attempts - 1
		return errors.Join(err, tx.Hooks().Update(now))
	})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, h)
	happen(t, h, baremetal.EventNode, "one")
	until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Failures > 0 })
	letters, err := h.Letters(t.Context(), hook.UUID)
	if err != nil || len(letters) != 1 || letters[0].Attempts != attempts || !strings.Contains(letters[0].Body, `"detail":"one"`) {
		t.Fatalf("dead letters %+v, %v", letters, err)
	}
	if err := h.Resend(t.Context(), hook.UUID, letters[0].UUID); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("sent again to a receiver that does not take it: %v", err)
	}
	r.answer(0)
	if err := h.Resend(t.Context(), hook.UUID, letters[0].UUID); err != nil {
		t.Error(err)
	}
	if letters, err = h.Letters(t.Context(), hook.UUID); err != nil || len(letters) > 0 || r.accepted() != "ironhook.node one<nil>" {
		t.Errorf("delivered: %s; left %v, %v", r.accepted(), letters, err)
	}
	if err := h.Delete(t.Context(), hook.UUID); err != nil {
		t.Error(err)
	}
}

// TestAReceiverThatIsGone is told nothing any more.
func TestAReceiverThatIsGone(t *testing.T) {
	h, _ := house(t, "loopback")
	r := newReceiver(t)
	r.answer(http.StatusGone)
	hook := add(t, h, r, "/")
	begin(t, h)
	happen(t, h, baremetal.EventNode, "one")
	until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return !hook.Enabled })
}

// TestWhereEventsMayGo: to private addresses only if the operator says so.
func TestWhereEventsMayGo(t *testing.T) {
	h, _ := house(t, "")
	r := newReceiver(t)
	hook := add(t, h, r, "/")
	begin(t, h)
	happen(t, h, baremetal.EventNode, "one")
	failed := until(t, h, hook.UUID, func(hook *baremetal.Hook) bool { return hook.Failures > 0 })
	if !strings.Contains(failed.LastError,
		"to which no event is sent unless the operator allows it (the option webhook-to with 127.0.0.1 or loopback)") || r.tried > 0 {
		t.Errorf("%q after %d requests", failed.LastError, r.tried)
	}
}

// TestHooksAreChecked: what cannot be posted to is refused, and no value is repeated.
func TestHooksAreChecked(t *testing.T) {
	h, _ := house(t, "")
	text := func(s string) *string { return &s }
	for _, c := range []Change{
		{}, {URL: text("ftp://marker/")}, {URL: text("https://")}, {URL: text("https://a/#marker")},
		{URL: text("https://a/"), Secret: text("marker")},
		{URL: text("https://a/"), Secret: text("whsec_bWFya2Vy")}, {URL: text("https://a/"), Kinds: &[]baremetal.EventKind{"nonesuch"}},
	} {
		if _, err := h.Add(t.Context(), c); !errors.Is(err, baremetal.ErrInvalid) || strings.Contains(err.Error(), "marker") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := h.Add(t.Context(), Change{URL: text("https://a/"), Node: text("nonesuch")}); !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("of a node that is not there: %v", err)
	}
	for range maxHooks {
		if _, err := h.Add(t.Context(), Change{URL: text("https://a/")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Add(t.Context(), Change{URL: text("https://a/")}); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("one too many: %v", err)
	}
}

// TestSignature is the example of Standard Webhooks.
func TestSignature(t *testing.T) {
	key, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}
