package api

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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
