package agent

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func serving(t *testing.T) (*commands, chan struct{}) {
	t.Helper()
	c := newCommands(&agent{journal: journal{began: time.Now()}}, "secret")
	goOn := make(chan struct{})
	c.table = map[string]operation{
		"quick": {do: func(_ context.Context, p map[string]any) (any, error) { return p["x"], nil }},
		"wrong": {do: func(context.Context, map[string]any) (any, error) { return nil, errors.New("no disk") }},
		"panic": {do: func(context.Context, map[string]any) (any, error) { panic("oh") }},
		"long":  {do: func(context.Context, map[string]any) (any, error) { <-goOn; return "done", nil }, long: true},
	}
	return c, goOn
}

func ask(t *testing.T, c *commands, method, path, body string) (int, command) {
	t.Helper()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	var one command
	_ = json.Unmarshal(w.Body.Bytes(), &one)
	return w.Code, one
}

func TestCommands(t *testing.T) {
	c, goOn := serving(t)
	const post = "/v1/commands/?wait=false&agent_token=secret"
	for _, row := range []struct {
		method, path, body string
		status             int
		is                 status
	}{
		{"GET", "/v1/status", "", 200, ""},
		{"GET", "/v1/commands/?agent_token=secret", "", 200, ""},
		{"GET", "/v1/commands/", "", 401, ""},
		{"POST", "/v1/commands/", `{"name": "quick"}`, 401, ""},
		{"POST", "/v1/commands/?agent_token=other", `{"name": "quick"}`, 401, ""},
		{"POST", post, `{"name": "quick", "params": {"x": 7}}`, 200, succeeded},
		{"POST", post, `{"name": "wrong"}`, 200, failed},
		{"POST", post, `{"name": "panic"}`, 200, failed},
		{"POST", post, `{"name": "none"}`, 404, ""},
		{"POST", post, `{`, 400, ""},
		{"PUT", post, ``, 404, ""},
	} {
		code, one := ask(t, c, row.method, row.path, row.body)
		if code != row.status || one.Status != row.is && row.status == 200 {
			t.Errorf("%s %s %s = %d %+v, want %d %s", row.method, row.path, row.body, code, one, row.status, row.is)
		}
	}
	_, long := ask(t, c, "POST", post, `{"name": "long"}`)
	if long.Status != running {
		t.Fatalf("a long command is %s", long.Status)
	}
	if code, _ := ask(t, c, "POST", post, `{"name": "quick"}`); code != http.StatusConflict {
		t.Errorf("a second command beside it: %d", code)
	}
	close(goOn)
	<-c.ended
	for {
		_, now := ask(t, c, "GET", "/v1/commands/"+long.ID+"?agent_token=secret", "")
		if now.Status == succeeded && now.Result == "done" {
			break
		}
		if now.Status == failed {
			t.Fatalf("%+v", now)
		}
	}
}

// An agent without a token takes no command.
func TestNoToken(t *testing.T) {
	c, _ := serving(t)
	c.token = ""
	if code, _ := ask(t, c, "POST", "/v1/commands/?agent_token=", `{"name": "quick"}`); code != http.StatusUnauthorized {
		t.Errorf("%d", code)
	}
}

func TestSettings(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	for _, row := range []struct {
		args map[string]string
		want string // of the error
	}{
		{map[string]string{"ipa-api-url": "https://10.0.0.1:6385/", "ironhook-certificate": pin, "ironhook-shell": ""}, ""},
		{map[string]string{"ipa-inspection-callback-url": "http://a/v1/continue_inspection", "ipa-lldp-timeout": "0"}, ""},
		{map[string]string{}, "nobody to ask"},
		{map[string]string{"ipa-api-url": "ftp://a"}, "no URL"},
		{map[string]string{"ipa-api-url": "http://a", "ipa-lldp-timeout": "soon"}, "no number"},
		{map[string]string{"ipa-api-url": "http://a", "ironhook-certificate": "12"}, "no SHA-256"},
	} {
		s, err := parse(row.args, "")
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: %v, want %q", row.args, err, row.want)
		}
		if err == nil && strings.HasSuffix(s.API, "/") {
			t.Errorf("API %s", s.API)
		}
	}
}

func sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// The client accepts the pinned certificate, and no other.
func TestPin(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.Write([]byte(`{"node": {"uuid": "n"}}`))
	})) //nolint:errcheck // a test
	defer server.Close()
	server.Config.ErrorLog = nil
	for _, right := range []bool{true, false} {
		a := &agent{settings: settings{API: server.URL, Pin: sum(server.Certificate().Raw)}}
		if !right {
			a.Pin[0] ^= 1
		}
		c, err := a.client()
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.lookup(t.Context(), []string{"52:54:00:00:00:01"})
		if right && (err != nil || l.Node["uuid"] != "n") || !right && !errors.Is(err, errCertificate) {
			t.Errorf("right %v: %v, %v", right, l, err)
		}
	}
	if _, err := (&client{http: &http.Client{}, api: server.URL}).lookup(t.Context(), nil); err == nil {
		t.Error("a certificate of nobody is believed")
	}
}

func TestLLDP(t *testing.T) {
	frame := append(announcement([]byte{2, 0, 0, 0, 0, 1}), 0)
	tlvs := parseLLDP(frame)
	if len(tlvs) != 3 || tlvs[0] != [2]any{byte(1), "04020000000001"} || tlvs[2] != [2]any{byte(3), "001e"} {
		t.Errorf("%v", tlvs)
	}
	for n := range frame { // cut anywhere it is no panic
		parseLLDP(frame[:n])
	}
	if parseLLDP(make([]byte, 60)) != nil {
		t.Error("another protocol is LLDP")
	}
}

func FuzzLLDP(f *testing.F) {
	f.Add(announcement([]byte{2, 0, 0, 0, 0, 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tlvs := parseLLDP(b); len(tlvs) > maxTLVs {
			t.Errorf("%d", len(tlvs))
		}
	})
}

// An agent whose token was given away before is none: with the mask for a token it would obey anybody.
func TestLookup(t *testing.T) {
	for token, want := range map[string]error{"secret": nil, "******": errTokenGone} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusOK, map[string]any{"node": map[string]any{"uuid": "u"}, "config": map[string]any{"agent_token": token}})
		}))
		c := &client{http: server.Client(), api: server.URL, version: apiVersion}
		if l, err := c.lookup(t.Context(), []string{"52:54:00:00:00:01"}); !errors.Is(err, want) || l.Config.Token != token {
			t.Errorf("a token %q: %+v, %v, want %v", token, l, err, want)
		}
		server.Close()
	}
}
