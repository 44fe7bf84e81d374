package cli_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/appliance/backup"
	"ironhook/appliance/shelftest"
)

// scheduleLimit bounds four backups on a busy host, on which the key of a passphrase takes its time. It is no expectation.
const scheduleLimit = 5 * time.Minute

// passphraseFile makes the file of a passphrase for backups.
func passphraseFile(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBackupsOnSchedule: an appliance in its sandbox makes backups by itself, keeps the newest, and each is whole.
func TestBackupsOnSchedule(t *testing.T) {
	secret := passphraseFile(t)
	url, credentials := shelftest.Bucket(t)
	for place, c := range map[string]struct{ to, credentials string }{"directory": {t.TempDir(), ""}, "S3": {url, credentials}} {
		t.Run(place, func(t *testing.T) {
			shelf, err := backup.OpenShelf(c.to, c.credentials)
			if err != nil {
				t.Fatal(err)
			}
			if err := shelf.Save(t.Context(), "notes.txt", func(w io.Writer) error { _, err := io.WriteString(w, "mine"); return err }); err != nil {
				t.Fatal(err)
			}
			r := start(t, t.TempDir(), "--backup-to", c.to, "--backup-credentials", c.credentials, "--backup-every", "1s", "--backup-keep", "2",
				"--backup-volumes", "yes", "--backup-passphrase-file", secret)
			last := pruned(t, shelf)
			stop(t, r) // or it would be deleted soon
			args := []string{"backup", "verify", strings.TrimSuffix(c.to, "/") + "/" +
				last, "--passphrase-file", secret, "--credentials", c.credentials}
			verify := exec.CommandContext(t.Context(), "ironhook", args...)
			verify.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
			if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), "with volumes") {
				t.Errorf("the backup is %s, %v, want one with volumes", out, err)
			}
			if r, err := shelf.Open(t.Context(), "notes.txt"); err != nil {
				t.Error("a file that is no backup was deleted:", err)
			} else {
				r.Close()
			}
		})
	}
}

// pruned waits until the fourth backup has been made and the first are gone, and returns the name of the newest.
func pruned(t *testing.T, shelf backup.Shelf) string {
	t.Helper()
	seen := map[backup.Name]bool{}
	for deadline := time.Now().Add(scheduleLimit); ; time.Sleep(50 * time.Millisecond) {
		names, err := backup.Names(t.Context(), shelf)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("backups %q after %v, %v", names, scheduleLimit, err)
		}
		for _, n := range names {
			seen[n] = true
		}
		if len(names) > 3 { // two, and one that has just come
			t.Fatalf("%d backups stay: %q", len(names), names)
		}
		if len(seen) >= 4 {
			return names[len(names)-1].String()
		}
	}
}

// TestAFailedBackupIsAnEvent: the operator hears of it, and the appliance goes on.
func TestAFailedBackupIsAnEvent(t *testing.T) {
	dir, secret := filepath.Join(t.TempDir(), "disk"), passphraseFile(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, t.TempDir(), "--backup-to", dir, "--backup-every", "1s", "--backup-passphrase-file", secret)
	if err := os.Rename(dir, dir+"-pulled"); err != nil { // as a disk that was unmounted
		t.Fatal(err)
	}
	failed(t, r, "backup: ", 1)
}

// failed waits until so many events say that a backup has failed.
func failed(t *testing.T, r *running, text string, times int) {
	t.Helper()
	for deadline := time.Now().Add(scheduleLimit); ; time.Sleep(50 * time.Millisecond) {
		response, body := r.ask(t, &http.Client{}, http.MethodGet, "/ironhook/v1/events?kind=error", nil)
		if strings.Count(body, text) >= times {
			return
		}
		if response.StatusCode != http.StatusOK || time.Now().After(deadline) {
			t.Fatalf("no event with %q:\n%s", text, body)
		}
	}
}

// TestBackupsOfAnother: an appliance neither takes those of another for its own nor deletes them.
func TestBackupsOfAnother(t *testing.T) {
	secret, to := passphraseFile(t), t.TempDir()
	data := t.TempDir()
	stop(t, start(t, data))
	other := strings.TrimSpace(ironhook(t, "backup", "--data", data, "--to", to, "--passphrase-file", secret))
	ours := t.TempDir()
	r := start(t, ours, "--backup-to", to, "--backup-every", "1s", "--backup-keep", "1", "--backup-passphrase-file", secret)
	failed(t, r, "backup: the newest backup there is of another appliance", 2)
	stop(t, r)
	doctor := exec.CommandContext(t.Context(), "ironhook", "doctor", "--data", ours, "--backup-to", to, "--backup-passphrase-file", secret)
	doctor.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	if said, err := doctor.CombinedOutput(); err == nil || !strings.Contains(string(said), "give this appliance another place") {
		t.Errorf("doctor says %s, %v", said, err)
	}
	if files, err := filepath.Glob(filepath.Join(to, "*")); err != nil || len(files) != 1 || files[0] != other {
		t.Errorf("there are %q, %v, want %q", files, err, other)
	}
}

// TestABackupThatLacksSomethingDisplacesNone: the older ones, which have it, stay for as long.
func TestABackupThatLacksSomethingDisplacesNone(t *testing.T) {
	secret := passphraseFile(t)
	data, to := t.TempDir(), t.TempDir()
	whole := backup.Name{At: time.Now().Add(-time.Hour), Encrypted: true}.String()
	if err := os.WriteFile(filepath.Join(to, whole), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, data, "--backup-to", to, "--backup-every", "2h", "--backup-keep", "1", "--backup-volumes", "yes",
		"--backup-passphrase-file", secret)
	stop(t, r)
	password := r.password
	if err := os.WriteFile(filepath.Join(data, "volumes", "broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = start(t, data, "--backup-to", to, "--backup-every", "1s", "--backup-keep", "1", "--backup-volumes", "yes",
		"--backup-passphrase-file", secret)
	r.password = password
	failed(t, r, "backup: the backup is complete but for broken", 2)
	stop(t, r)
	if _, err := os.Stat(filepath.Join(to, whole)); err != nil {
		t.Errorf("the last that had all is gone: %v", err)
	}
}

// TestKilledBackup: what a backup leaves that was killed does not look like one, and the next is whole.
func TestKilledBackup(t *testing.T) {
	if testing.Short() {
		t.Skip("writes and kills")
	}
	data, to := t.TempDir(), t.TempDir()
	r := start(t, data, "--auth", "none")
	disk := filepath.Join(data, "volumes", "large.raw")
	if err := os.WriteFile(disk, bytes.Repeat([]byte("0123456789abcdef"), 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"backup", "--data", data, "--to", to, "--volumes", "--unencrypted"}
	for tries := 0; ; tries++ {
		if tries == 20 {
			t.Fatal("a backup ends before it can be killed")
		}
		if killMidway(t, to, args) {
			break
		}
	}
	verify := exec.CommandContext(t.Context(), "ironhook", "backup", "verify", to)
	verify.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	if out, err := verify.CombinedOutput(); err == nil || !strings.Contains(string(out), "there is no backup") {
		t.Errorf("verify says %s, %v", out, err)
	}
	file := strings.TrimSpace(ironhook(t, args...))
	if said := ironhook(t, "backup", "verify", to); !strings.Contains(said, file+": whole") {
		t.Errorf("verify says %q", said)
	}
	stop(t, r)
}

// killMidway kills a backup while its file grows, and reports whether it came in time.
func killMidway(t *testing.T, to string, args []string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ironhook", args...)
	cmd.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		parts, _ := filepath.Glob(filepath.Join(to, "*.part"))
		whole, _ := filepath.Glob(filepath.Join(to, "*.backup"))
		if len(whole) > 0 {
			break
		}
		if len(parts) == 0 {
			continue
		}
		if info, err := os.Stat(parts[0]); err == nil && info.Size() > 1<<20 {
			break
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	whole, err := filepath.Glob(filepath.Join(to, "*.backup"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range whole {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	return len(whole) == 0
}

// TestBackupToAFullDisk: it is said, and nothing stays that takes the room.
func TestBackupToAFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("needs root")
	}
	data, to := t.TempDir(), t.TempDir()
	r := start(t, data, "--auth", "none")
	if err := os.WriteFile(filepath.Join(data, "volumes", "large.raw"), bytes.Repeat([]byte("0123456789abcdef"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `mount -t tmpfs -o size=4m none "$2" && ! ironhook backup --data "$1" --to "$2" --volumes --unencrypted && ls -A "$2"`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", script, "sh", data, to)
	cmd.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil || !strings.Contains(complaint.String(), "no space left on device") || out.String() != "" {
		t.Errorf("%v; it says %q, and leaves %q (run the tests as root)", err, complaint.String(), out.String())
	}
	stop(t, r)
}
