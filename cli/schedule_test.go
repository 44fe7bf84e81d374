package cli_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBackupsOnSchedule: an appliance in its sandbox makes backups by itself, keeps the newest, and each is whole.
func TestBackupsOnSchedule(t *testing.T) {
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "passphrase")
	stranger := filepath.Join(dir, "notes.txt")
	if err := errors.Join(os.WriteFile(secret, []byte("correct horse\n"), 0o600), os.WriteFile(stranger, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	start(t, t.TempDir(), "--backup-to", dir, "--backup-every", "1s", "--backup-keep", "2", "--backup-volumes", "yes", "--backup-passphrase-file", secret)
	seen := map[string]bool{}
	var whole []string
	for deadline := time.Now().Add(time.Minute); len(seen) < 4; time.Sleep(50 * time.Millisecond) {
		var err error
		if whole, err = filepath.Glob(filepath.Join(dir, "*.backup.age")); err != nil || time.Now().After(deadline) {
			t.Fatalf("backups %q after a minute, %v", whole, err)
		}
		for _, file := range whole {
			seen[file] = true
		}
		if len(whole) > 3 { // two, and one that has just come
			t.Fatalf("%d backups stay: %q", len(whole), whole)
		}
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.Link(slices.Max(whole), kept); err != nil { // before it is too old
		t.Fatal(err)
	}
	verify := exec.CommandContext(t.Context(), "ironhook", "backup", "verify", "--passphrase-file", secret, kept)
	verify.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), "with volumes") {
		t.Errorf("the backup is %s, %v, want one with volumes", out, err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error("a file that is no backup was deleted:", err)
	}
}

// TestAFailedBackupIsAnEvent: the operator hears of it, and the appliance goes on.
func TestAFailedBackupIsAnEvent(t *testing.T) {
	dir, secret := filepath.Join(t.TempDir(), "disk"), filepath.Join(t.TempDir(), "passphrase")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(secret, []byte("correct horse\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	r := start(t, t.TempDir(), "--backup-to", dir, "--backup-every", "1s", "--backup-passphrase-file", secret)
	if err := os.Rename(dir, dir+"-pulled"); err != nil { // as a disk that was unmounted
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, body := r.ask(t, &http.Client{}, http.MethodGet, "/ironhook/v1/events?kind=error", nil)
		if strings.Contains(body, "backup: ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no event of a failed backup:\n%s", body)
		}
	}
}
