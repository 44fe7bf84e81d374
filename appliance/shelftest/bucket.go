// Package shelftest is S3-like storage in the process of a test.
package shelftest

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Bucket serves an empty bucket, and returns the URL of a prefix in it and a file with credentials.
func Bucket(t *testing.T) (url, credentials string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("room"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	credentials = filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(credentials, []byte("[default]\naws_access_key_id = me\naws_secret_access_key = mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL + "/room/backups of/this", credentials
}
