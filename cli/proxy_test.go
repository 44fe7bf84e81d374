package cli_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTrustedProxy: links begin as the client of a named proxy asked, and not as anybody says.
func TestTrustedProxy(t *testing.T) {
	said := map[string]string{"X-Forwarded-Host": "metal.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
	for proxy, want := range map[string]bool{"127.0.0.1": true, "192.0.2.1": false} {
		r := start(t, t.TempDir(), "--trusted-proxy", proxy)
		_, body := r.ask(t, &http.Client{}, http.MethodGet, "/", said)
		if got := strings.Contains(body, `"https://metal.example/v1/"`); got != want {
			t.Errorf("trusted proxy %s: links as the proxy says: %v, want %v:\n%s", proxy, got, want, body)
		}
	}
}
