package applianceapi

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

const nodeA = "c0ffee00-0000-4000-8000-000000000001"

// happened is an API on a log of three events: two of a node, the second of which a user
// has caused.
func happened(t *testing.T) (*API, *store.Store) {
	s := storetest.Open(t)
	if err := s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Nodes().Insert(&baremetal.Node{UUID: nodeA, Name: "a"})
	}); err != nil {
		t.Fatal(err)
	}
	for i, e := range []baremetal.Event{
		{Node: nodeA, Kind: baremetal.EventScript, Detail: "one"},
		{Node: nodeA, Kind: baremetal.EventNode, Detail: "two"},
		{MAC: "52:54:00:00:00:09", Kind: baremetal.EventRefused, Step: baremetal.EventOffer, Detail: "three"},
	} {
		ctx := t.Context()
		if i == 1 {
			ctx = baremetal.WithUser(ctx, "eve")
		}
		if err := s.Append(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	return New(Config{Store: s, Log: slog.New(slog.DiscardHandler)}), s
}

func TestEvents(t *testing.T) {
	a, _ := happened(t)
	for _, c := range []struct {
		query  string
		status int
		says   []string
		not    string
	}{
		{"", 200, []string{`"detail":"one","user":null`, `"detail":"two","user":"eve"`,
			`"node":null,"mac":"52:54:00:00:00:09","kind":"refused","step":"offer"`}, "nothing"},
		{"?node=a", 200, []string{"one", "two"}, "three"},
		{"?node=" + nodeA + "&after=1", 200, []string{"two"}, "one"},
		{"?limit=1", 200, []string{`"seq"`}, "},{"},
		{"?after=3&wait=-1", 200, []string{"[]"}, "seq"},
		{"?node=c0ffee00-0000-4000-8000-000000000009", 200, []string{"[]"}, "seq"},
		{"?node=b", 404, []string{`{"error":{"code":404,`}, "seq"},
		{"?after=x", 400, []string{"Expected an integer for after"}, "seq"},
		{"?nodes=a", 400, []string{"Unexpected argument"}, "seq"},
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/ironhook/v1/events"+c.query, nil))
		for _, says := range c.says {
			if text := w.Body.String(); w.Code != c.status || !strings.Contains(text, says) || strings.Contains(text, c.not) {
				t.Errorf("events%s = %d %s, want %d with %s and without %s", c.query, w.Code, text, c.status, says, c.not)
			}
		}
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/ironhook/v1/events", nil))
	if w.Code != 405 {
		t.Errorf("POST = %d, want 405", w.Code)
	}
}

// TestEventsAreWaitedFor asks for what happens next before it does.
func TestEventsAreWaitedFor(t *testing.T) {
	a, s := happened(t)
	answer := make(chan string)
	go func() {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/ironhook/v1/events?after=3&wait=60", nil))
		answer <- w.Body.String()
	}()
	for { // until the reader has one, whenever it begins to wait
		if err := s.Append(t.Context(), baremetal.Event{Kind: baremetal.EventNetwork, Detail: "next"}); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-answer:
			if !strings.Contains(text, `"seq":4,`) {
				t.Errorf("events = %s, want number 4", text)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
