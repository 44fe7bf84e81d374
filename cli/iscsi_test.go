package cli

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every mistake on the command line of the export is one line that names the option,
// and nothing is served.
func TestExportMistakes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	disk, odd := file("disk", strings.Repeat("x", 1024)), file("odd", "xyz")
	qcow2, archive := file("disk.qcow2", "QFI\xfb"+strings.Repeat("x", 1020)), file("disk.zip", "PK\x03\x04"+strings.Repeat("x", 1020))
	secret, empty := file("secret", "wonderland12\n"), file("empty", "\n")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, args := range map[string][]string{
		"--chap":        {"--chap", "alice", disk},
		"--chap: ":      {"--chap", "alice:" + filepath.Join(dir, "absent"), disk},
		"is empty":      {"--chap", "alice:" + empty, disk},
		"needs --chap":  {"--mutual-chap", "bob:" + secret, disk},
		"must not be":   {"--chap", "alice:" + secret, "--mutual-chap", "bob:" + secret, disk},
		"--iqn":         {"--iqn", "not a name", disk},
		"--iscsi-port":  {"--iscsi-portal", "storage.example", disk},
		"--listen":      {"--listen", busy.Addr().String(), disk},
		"multiple of":   {"--listen", "127.0.0.1:0", odd},
		"no such file":  {"--listen", "127.0.0.1:0", filepath.Join(dir, "absent")},
		"qemu-img":      {"--listen", "127.0.0.1:0", disk, qcow2},
		"zip archive":   {"--listen", "127.0.0.1:0", archive},
		"in use by ano": {"--listen", "127.0.0.1:0", disk, disk},
	} {
		exportMistake(t, name, args)
	}
	exportMistake(t, "at most 256", slices.Repeat([]string{disk}, 257))
}

// TestSecretOfAnEditor has the secret in files as editors of several systems write them.
func TestSecretOfAnEditor(t *testing.T) {
	for _, text := range []string{"wonderland12", "wonderland12\n", "wonderland12\r\n", "\ufeffwonderland12\r\nnote\r\n"} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if user, secret, err := credentials("--chap", "alice:"+path); err != nil || user != "alice" || secret != "wonderland12" {
			t.Errorf("credentials of %q = %s, %q, %v", text, user, secret, err)
		}
	}
	for text, want := range map[string]string{"\ufeff\r\n": "is empty", "\xff\xfes\x00e\x00": "UTF-16", "\xfe\xff\x00s\x00e": "UTF-16"} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, secret, err := credentials("--chap", "alice:"+path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("credentials of %q = %q, %v, want an error with %q", text, secret, err, want)
		}
	}
}

func exportMistake(t *testing.T, want string, args []string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exportCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	err := cmd.ExecuteContext(t.Context())
	if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || out.Len() > 0 {
		t.Errorf("export %.200q = %v (printed %q), want a usage error with %q", args, err, out.String(), want)
	}
}
