package webclient_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/webclient"
)

// Certificates are trusted that lie in a file, or in a file of a directory among others.
func TestTrust(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir, empty := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, filepath.Join(dir, "README"), "where these come from")
	write(t, filepath.Join(empty, "README"), "nothing here")
	for value, want := range map[string]string{
		file:                         "",
		dir:                          "",
		empty:                        "no file of " + empty + " has a certificate",
		filepath.Join(dir, "README"): "has no certificate in PEM",
		"/dev/zero":                  "/dev/zero is no file of certificates",
		"/no/such/file":              "no such file",
		"ca.pem":                     "the absolute path of a file or directory",
	} {
		r := driverinfo.Read(nil, baremetal.Object{"verify_ca": value})
		trust := webclient.Trust(r, "verify_ca")
		err := r.Err()
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", value, err, want)
			}
			continue
		}
		c := webclient.New(trust, time.Minute)
		if _, err := c.Do(t.Context(), "GET", server.URL, "", nil); err != nil {
			t.Errorf("%s: %v", value, err)
		}
		c.Close()
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
