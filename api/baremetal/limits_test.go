package baremetalapi

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ironhook/api/door"
	"ironhook/api/rest"
	"ironhook/baremetal"
)

func TestBodyLimits(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		name, body string
		status     int
		answer     string
	}{
		{"too large", `{"driver":"` + strings.Repeat("x", rest.MaxBody) + `"}`, 413,
			`{"debuginfo":null,"faultcode":"Client","faultstring":"Request body is too large. Please contact the service administrator."}`},
		{"too deep", strings.Repeat(`{"a":`, rest.MaxDepth+1) + "1" + strings.Repeat("}", rest.MaxDepth+1), 400,
			`{"debuginfo":null,"faultcode":"Client","faultstring":"Request body JSON is nested too deeply. Please contact the service ` +
				`administrator."}`},
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
	entered, release := make(chan struct{}), make(chan struct{})
	hold := func(r *http.Request) (door.Who, bool) {
		if r.URL.Path == "/v1/ports" {
			close(entered)
			<-release
		}
		return door.Who{User: "admin", Role: baremetal.RoleAdmin}, true
	}
	l := newLab(t, func(a *door.Accounts) { a.InFlight, a.Patience, a.Trusted = 1, time.Millisecond, hold })
	status := func(path string) int {
		w := httptest.NewRecorder()
		l.front.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code
	}
	first := make(chan int)
	go func() { first <- status("/v1/ports") }()
	<-entered
	if got := status("/v1/nodes"); got != http.StatusTooManyRequests {
		t.Errorf("second request in flight = %d, want 429", got)
	}
	close(release)
	if got := <-first; got != http.StatusOK {
		t.Errorf("first request = %d, want 200", got)
	}
	if got := status("/v1/nodes"); got != http.StatusOK {
		t.Errorf("request after the first has ended = %d, want 200", got)
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	to := slog.New(slog.NewTextHandler(&log, nil))
	bare := New(Config{Log: to}) // no store: every read panics
	a := door.NewGuard(door.Accounts{Log: to}).Handler(bare, bare.Manner())
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
