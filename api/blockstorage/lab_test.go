package blockstorage

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/store/storetest"
	"ironhook/volume"
)

// lab is an API on a fresh database and an empty directory of volumes.
type lab struct {
	*httptest.Server
	store *store.Store
	pool  *pool.Pool
}

func newLab(t *testing.T) *lab {
	t.Helper()
	v, err := volume.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	p := pool.New(pool.Config{Store: s, Volumes: v, Log: log})
	portal := func(*http.Request) (netip.AddrPort, error) { return netip.ParseAddrPort("192.0.2.1:3260") }
	l := &lab{httptest.NewServer(New(Config{Store: s, Pool: p, Volumes: v, Portal: portal, Host: "here", Log: log})), s, p}
	t.Cleanup(func() {
		l.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// do sends a request below /volume at a microversion, "" for none.
func (l *lab) do(t *testing.T, version, method, path, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, l.URL+"/volume"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if version != "" {
		r.Header.Set("OpenStack-API-Version", "volume "+version)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// made sends a request that makes something and returns its id.
func (l *lab) made(t *testing.T, version, path, body string) string {
	t.Helper()
	status, answer := l.do(t, version, "POST", path, body)
	var made map[string]struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status >= 300 {
		t.Fatalf("POST %s %s = %d %s", path, body, status, answer)
	}
	for _, thing := range made {
		return thing.ID
	}
	return ""
}
