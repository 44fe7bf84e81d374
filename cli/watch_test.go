package cli_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/block/iscsi/initiatortest"
)

// The counters of the sessions are served by the API, with authentication: to Prometheus, and
// to programs.
func TestWatch(t *testing.T) {
	r := start(t, filepath.Join(t.TempDir(), "data"))
	defer stop(t, r)
	address := regexp.MustCompile(`iscsi (\S+?),`).FindStringSubmatch(r.ready + ",")
	if address == nil {
		t.Fatalf("ready line %q does not contain the address of the target", r.ready)
	}
	i, err := initiatortest.Dial(t.Context(), address[1], initiatortest.Options{Name: "iqn.2026-11.test:host"}) // a discovery
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	for path, want := range map[string]string{
		"/metrics":              `ironhook_iscsi_sessions{type="discovery"} 1`,
		"/ironhook/v1/sessions": `"initiator":"iqn.2026-11.test:host"`,
	} {
		if status, text := r.call(t, http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("GET %s = %d %s, want %s", path, status, text, want)
		}
		if status, _ := r.call(t, http.MethodPost, path, ""); status < 400 || status >= 500 {
			t.Errorf("POST %s = %d, want it refused", path, status)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url(t)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, text := answer(t, http.DefaultClient, request); status != http.StatusUnauthorized || strings.Contains(text, "iqn") {
			t.Errorf("GET %s without a password = %d %s, want 401", path, status, text)
		}
	}
}
