package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestBodyLimits(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		name, body string
		status     int
		answer     string
	}{
		{"too large", `{"driver":"` + strings.Repeat("x", maxBody) + `"}`, 413,
			`{"debuginfo":null,"faultcode":"Client","faultstring":"Request body is too large. Please contact the service administrator."}`},
		{"too deep", strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1), 400,
			`{"debuginfo":null,"faultcode":"Client","faultstring":"Request body JSON is nested too deeply. Please contact the service administrator."}`},
		{"brackets in a string", `{"driver":"` + strings.Repeat("[", 50) + `"}`, 400, ""},
		{"malformed", `{"driver":`, 400, ""},
		{"beyond a double", `{"driver":"fake-hardware","extra":{"a":[1e999]}}`, 400, ""},
		{"two values", `{"driver":"fake-hardware"} {}`, 400, ""},
	} {
		status, body := l.do(t, "POST", "/v1/nodes", test.body)
		if status != test.status || test.answer != "" && string(body) != test.answer {
			t.Errorf("%s: %d %s, want %d %s", test.name, status, body, test.status, test.answer)
		}
	}
}

func TestTooManyRequestsOfOneClient(t *testing.T) {
	l := newLab(t, func(c *Config) { c.InFlight = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow, err := http.NewRequestWithContext(ctx, "GET", l.URL+"/ironhook/v1/events?wait=30", nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for refused := true; refused; { // by the requests below, which may come first
			resp, err := http.DefaultClient.Do(slow)
			refused = err == nil && resp.StatusCode == http.StatusTooManyRequests
			if err == nil {
				resp.Body.Close()
			}
		}
	}()
	deadline := time.Now().Add(5 * time.Second)
	status := 0
	for status != http.StatusTooManyRequests && time.Now().Before(deadline) {
		status, _ = l.do(t, "GET", "/v1/nodes", nil)
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("second request in flight = %d, want 429", status)
	}
	cancel()
	<-ended
	for status != http.StatusOK && time.Now().Before(deadline) {
		status, _ = l.do(t, "GET", "/v1/nodes", nil)
	}
	if status != http.StatusOK {
		t.Errorf("request after the first has ended = %d, want 200", status)
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	a := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))}) // no store: every read panics
	r := httptest.NewRequest("GET", "/v1/nodes", nil)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	id := w.Header().Get("Openstack-Request-Id")
	if w.Code != 500 || !strings.Contains(w.Body.String(), `\"faultcode\":\"Server\"`) || strings.Contains(w.Body.String(), "nil pointer") {
		t.Errorf("answer = %d %s, want a 500 in Ironic's envelope without the cause", w.Code, w.Body)
	}
	if id == "" || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("log = %s, want the cause under %s", log.String(), id)
	}
}

// TestHammer has 32 clients create, patch and delete the same nodes. Nobody may
// meet a 500, and no patch may be lost: each adds a key of its own, and in the end
// all keys that were promised are there.
func TestHammer(t *testing.T) {
	l := newLab(t)
	const clients, nodes, rounds = 32, 4, 20
	for i := range nodes {
		l.must(t, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": fmt.Sprintf("n%d", i)}, 201)
	}
	promised := make([]map[string]bool, nodes)
	for i := range promised {
		promised[i] = map[string]bool{}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(client)))
			for round := range rounds {
				i := dice.IntN(nodes)
				key := fmt.Sprintf("k%d-%d", client, round)
				status, body := l.do(t, "PATCH", fmt.Sprintf("/v1/nodes/n%d", i), []any{map[string]any{"op": "add", "path": "/extra/" + key, "value": 1}})
				if status == 200 {
					mu.Lock()
					promised[i][key] = true
					mu.Unlock()
				} else if status != 409 {
					t.Errorf("PATCH = %d %s", status, body)
				}
				name := fmt.Sprintf("c%d", dice.IntN(4))
				if status, body := l.do(t, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": name}); status != 201 && status != 409 {
					t.Errorf("POST = %d %s", status, body)
				}
				l.do(t, "PUT", "/v1/nodes/"+name+"/states/power", map[string]any{"target": "power on"})
				if status, body := l.do(t, "DELETE", "/v1/nodes/"+name, nil); status != 204 && status != 404 && status != 409 {
					t.Errorf("DELETE = %d %s", status, body)
				}
			}
		})
	}
	wg.Wait()
	for i := range nodes {
		var got struct{ Extra map[string]any }
		if err := json.Unmarshal(l.must(t, "GET", fmt.Sprintf("/v1/nodes/n%d", i), nil, 200), &got); err != nil {
			t.Fatal(err)
		}
		for key := range promised[i] {
			if got.Extra[key] == nil {
				t.Errorf("node n%d has lost %s", i, key)
			}
		}
	}
}
