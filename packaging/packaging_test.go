// Package packaging_test judges the files of the package without building it.
package packaging_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// maxExposure is the worst score of systemd-analyze security that the unit may have.
const maxExposure = 2.0

func TestUnitIsHardened(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil && testing.Short() {
		t.Skip("no systemd-analyze")
	}
	if err != nil {
		t.Fatalf("%v: install systemd", err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "ironhook.service").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := regexp.MustCompile(`Overall exposure level for ironhook.service: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no score in\n%s", out)
	}
	if score, err := strconv.ParseFloat(string(found[1]), 64); err != nil || score > maxExposure {
		t.Errorf("exposure %s, %v, want at most %v:\n%s", found[1], err, maxExposure, out)
	}
	explained(t, string(out))
}

// explained holds docs/hardening.md to the judgement: what is open is explained there, with its
// weight, and nothing else is.
func explained(t *testing.T, judgement string) {
	t.Helper()
	b, err := os.ReadFile("../docs/hardening.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.ReplaceAll(string(b), `\|`, "|")
	open := regexp.MustCompile(`(?m)^✗ (\S+).* ([0-9.]+) *$`).FindAllStringSubmatch(judgement, -1)
	for _, o := range open {
		if !strings.Contains(doc, "| `"+o[1]+"` | "+o[2]+" | ") {
			t.Errorf("%s is open (%s) and not in docs/hardening.md", o[1], o[2])
		}
	}
	if rows := strings.Count(doc, "\n| `"); rows != len(open) || rows == 0 {
		t.Errorf("docs/hardening.md has %d rows, %d are open", rows, len(open))
	}
}

// TestUnitPromisesWhatTheProgramDoes: the program notifies and keeps its data where the unit
// gives it a directory, and needs two capabilities.
func TestUnitPromisesWhatTheProgramDoes(t *testing.T) {
	text, err := os.ReadFile("ironhook.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Type=notify", "WatchdogSec=60s", "User=ironhook",
		"StateDirectory=ironhook", "Environment=XDG_DATA_HOME=%S",
		"CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_RAW", "ExecStart=/usr/bin/ironhook serve --config /etc/ironhook/ironhook.toml"} {
		if !strings.Contains(string(text), "\n"+line+"\n") {
			t.Errorf("the unit has no line %q", line)
		}
	}
	if strings.Contains(string(text), "\nEnvironment=IRONHOOK_") {
		t.Error("the unit sets an option by a variable, and so the operator's ironhook.toml has none")
	}
}

// TestScriptsLetDpkgFinish: neither a service that does not start, nor a data directory on a file system of its own, leaves the
// package half installed or half removed.
func TestScriptsLetDpkgFinish(t *testing.T) {
	if testing.Short() {
		t.Skip("needs root")
	}
	stubs := t.TempDir()
	for name, text := range map[string]string{"deb-systemd-invoke": "exit 1", "deb-systemd-helper": "exit 0", "systemctl": "exit 0",
		"getent": "exit 0", "deluser": "exit 0", "install": "exit 0"} {
		if err := os.WriteFile(filepath.Join(stubs, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const mounts = `mount -t tmpfs none /run && mkdir -p /run/systemd/system && mount -t tmpfs none /var/lib && mkdir /var/lib/ironhook &&
		mount -t tmpfs none /var/lib/ironhook && mkdir /var/lib/ironhook/volumes && "$@" && ls -A /var/lib/ironhook`
	for _, c := range []struct {
		call []string
		left string // in the data directory
		said string
	}{
		{[]string{"deb/postinst", "configure"}, "volumes", "journalctl -u ironhook"},
		{[]string{"deb/postinst", "configure", "1.0"}, "volumes", "journalctl -u ironhook"},
		{[]string{"deb/prerm", "remove"}, "volumes", ""},
		{[]string{"deb/postrm", "remove"}, "volumes", ""},
		{[]string{"deb/postrm", "purge"}, "", ""},
	} {
		args := append([]string{"--mount", "sh", "-c", mounts, "sh", "sh"}, c.call...)
		cmd := exec.CommandContext(t.Context(), "unshare", args...)
		cmd.Env = append(os.Environ(), "PATH="+stubs+":"+os.Getenv("PATH"))
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(out)) != c.left || !strings.Contains(said.String(), c.said) {
			t.Errorf("%q: %v, left %q, said %q (run the tests as root)", c.call, err, out, said.String())
		}
	}
}

func TestScriptsParse(t *testing.T) {
	for _, script := range []string{"deb/postinst", "deb/prerm", "deb/postrm", "deb/life.sh",
		"../scripts/deb.sh", "../scripts/deb-test.sh", "../scripts/release.sh", "../scripts/release-check.sh",
		"../scripts/usb.sh", "../scripts/usb-list.sh", "../scripts/agent.sh", "../scripts/debian.sh"} {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}

// TestTwoPackagesAreTheSame makes a package twice: the bytes are the same, and dpkg reads in it
// what an operator looks for.
func TestTwoPackagesAreTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("makes two packages")
	}
	program := filepath.Join(t.TempDir(), "ironhook") // deb.sh does not run it
	if err := os.WriteFile(program, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	var made [2][]byte
	for i := range made {
		out := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "../scripts/deb.sh", program, "arm64")
		cmd.Env = append(os.Environ(), "OUT="+out, "VERSION=1.2.3~rc1")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		deb := filepath.Join(out, "ironhook_1.2.3~rc1_arm64.deb")
		var err error
		if made[i], err = os.ReadFile(deb); err != nil {
			t.Fatal(err)
		}
		list, err := exec.CommandContext(t.Context(), "dpkg-deb", "--contents", deb).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, list)
		}
		for _, name := range []string{"./usr/bin/ironhook", "./lib/systemd/system/ironhook.service", "./etc/ironhook/ironhook.toml",
			"./usr/share/man/man1/ironhook-serve.1.gz", "./usr/share/bash-completion/completions/ironhook", "./usr/lib/sysctl.d/60-ironhook.conf"} {
			if !bytes.Contains(list, []byte(" "+name+"\n")) {
				t.Errorf("the package has no %s", name)
			}
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two packages of the same differ")
	}
}
