package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/boot"
)

const messagesFile = "docs/messages.md"

var (
	// messageRow is a row of its tables: the first cell has the messages.
	messageRow = regexp.MustCompile("(?m)^\\| (`.*?) \\| ")
	quoted     = regexp.MustCompile("`([^`]+)`")
	// said are the fixed texts that our scripts put on the screen of a machine.
	said = regexp.MustCompile(`\bsay\("([^"]{16,})"`)
)

// TestMessages holds the index of messages to the code: what it says that Ironhook prints is
// printed, and what our scripts print on a machine's screen, and the remedies of a boot that
// stands still, are in it.
func TestMessages(t *testing.T) {
	b, err := os.ReadFile(messagesFile)
	if err != nil {
		t.Fatal(err)
	}
	index := string(b)
	_, ours, found := strings.Cut(index, "\n## From Ironhook\n")
	if !found {
		t.Fatal("the index has no section of our own messages")
	}
	code := sources(t)
	for _, row := range messageRow.FindAllStringSubmatch(ours, -1) {
		for _, message := range quoted.FindAllStringSubmatch(row[1], -1) {
			for part := range strings.SplitSeq(message[1], "...") {
				if part = strings.Trim(part, ` "`); len(part) > 5 && !strings.Contains(code, part) {
					t.Errorf("the index has %q, which no code says", part)
				}
			}
		}
	}
	for _, dir := range []string{"ipxe", "grub"} {
		for _, m := range said.FindAllStringSubmatch(sourcesOf(t, dir), -1) {
			if first, _, _ := strings.Cut(strings.TrimSpace(m[1]), ". "); !strings.Contains(index, first) {
				t.Errorf("%s says %q on the screen, which is not in the index", dir, first)
			}
		}
	}
	for _, kind := range baremetal.BootSteps {
		if first, _, _ := strings.Cut(boot.Remedy(kind), "."); !strings.Contains(index, first) {
			t.Errorf("a boot that waits for %s says %q, which is not in the index", kind, first)
		}
	}
}

// sources are the texts of all files that print something.
func sources(t *testing.T) string { return sourcesOf(t, ".") }

func sourcesOf(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "build" || name == "testdata" || name == "e2e" || name == "docs" || name == ".git"):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".min.js"):
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".js", ".html":
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
