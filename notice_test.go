package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// line of NOTICE: a module and its licence.
var noticeLine = regexp.MustCompile(`(?m)^  (\S+\.\S+/\S+) +\S`)

// A module that is linked without a line in NOTICE and its licence in licenses/ fails
// this, and so does a line for one that is not linked any more.
func TestEveryLinkedModuleIsInNotice(t *testing.T) {
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range noticeLine.FindAllStringSubmatch(string(notice), -1) {
		named = append(named, m[1])
	}
	linked := linkedModules(t)
	for module, dir := range linked {
		if !slices.Contains(named, module) {
			t.Errorf("%s is linked, and NOTICE does not name it: add it with its licence, and run scripts/licenses.sh", module)
		}
		checkLicense(t, module, dir)
	}
	for _, module := range named {
		if linked[module] == "" {
			t.Errorf("NOTICE names %s, which is not linked: remove it, and run scripts/licenses.sh", module)
		}
	}
	if len(linked) == 0 {
		t.Error("go list found no module")
	}
	texts, err := filepath.Glob("licenses/*.txt")
	if want := len(linked) + len([]string{"go", "htmx", "xterm", "GPL-2"}); err != nil || len(texts) != want {
		t.Errorf("%d texts in licenses/ (%v), want %d: run scripts/licenses.sh", len(texts), err, want)
	}
}

// checkLicense compares the embedded text with the licence of the version in go.mod.
func checkLicense(t *testing.T, module, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("licenses", strings.ReplaceAll(module, "/", "-")+".txt"))
	if err != nil {
		t.Errorf("%v: run scripts/licenses.sh", err)
		return
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range files {
		name := strings.ToLower(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "license") && !strings.HasPrefix(name, "copying") ||
			strings.Contains(name, "logo") || strings.Contains(name, "sqlite_vec") {
			continue
		}
		want, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found = true
		if !strings.Contains(string(text), string(want)) {
			t.Errorf("licenses/ has not the %s of %s: run scripts/licenses.sh", f.Name(), module)
		}
	}
	if !found {
		t.Errorf("%s has no licence: it must not be linked", module)
	}
}

// linkedModules are the modules that the program is linked from, on the architectures
// it is built for, with their directories.
func linkedModules(t *testing.T) map[string]string {
	t.Helper()
	modules := map[string]string{}
	for _, arch := range []string{"amd64", "arm64"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}",
			".")
		list.Env = append(os.Environ(), "GOARCH="+arch, "GOOS=linux", "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for line := range strings.Lines(string(out)) {
			if module, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				modules[module] = dir
			}
		}
	}
	return modules
}

// The offer of iPXE's source names the version that scripts/ipxe.sh embeds.
func TestNoticeOffersTheSourceOfIPXE(t *testing.T) {
	script, err := os.ReadFile("scripts/ipxe.sh")
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^version='(.+)'$`).FindStringSubmatch(string(script))
	if version == nil {
		t.Fatal("scripts/ipxe.sh has no version")
	}
	address := "https://snapshot.debian.org/package/ipxe/" + strings.ReplaceAll(version[1], "+", "%2B") + "/"
	for _, want := range []string{"version " + version[1], address} {
		if !strings.Contains(string(notice), want) {
			t.Errorf("NOTICE has no %q", want)
		}
	}
}
