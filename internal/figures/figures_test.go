package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// Each figure of a small house, counted by hand.
func TestFigures(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/house.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := ""
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	house, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := show(&out, append(house.figures(), binary(filepath.Join(dir, "build", "ironhook"))), true); err != nil {
		t.Fatal(err)
	}
	got := ""
	for line := range strings.Lines(out.String()) {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		got += indent + strings.Join(strings.Fields(line), " ") + "\n"
	}
	if got != want {
		t.Errorf("figures:\n%swant:\n%s", got, want)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		text          string
		code, comment int
	}{
		{"", 0, 0},
		{"package a\n", 1, 0},
		{"// one\n// two\npackage a // three\n", 1, 2},
		{"package a\n\n/* one\n\n three */\nvar x = `\n\n`\n", 4, 3},
		{"package a; /* one\n two */ var x int\n", 2, 0},
	} {
		if code, comment := lines([]byte(c.text)); code != c.code || comment != c.comment {
			t.Errorf("lines(%q) = %d, %d, want %d, %d", c.text, code, comment, c.code, c.comment)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := read(t.TempDir()); err == nil {
		t.Error("an empty folder has figures")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := read(dir); err == nil {
		t.Error("a file that is not Go has figures")
	}
}
