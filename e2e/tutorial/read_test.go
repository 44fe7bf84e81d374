package main

import (
	"os"
	"strings"
	"testing"
)

// The tutorial has what the person who follows it knows how to do: an installation, two starts
// of the appliance, a machine and what it shows, and consoles.
func TestRead(t *testing.T) {
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range read(string(text)) {
		word, _, _ := strings.Cut(s.text, " ")
		if s.kind == "console" {
			word = "$"
			for _, line := range s.lines() {
				if line.line == "" || strings.Contains(line.line, "\n") {
					t.Errorf("%s: the line %q", s.heading, line.line)
				}
			}
		}
		if s.kind == "text" {
			word = "see"
		}
		order = append(order, word)
	}
	const want = "apt-get ironhook export $ $ $ $ $ ironhook $ qemu-system-x86_64 see $"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("the steps are\n%s\nwant\n%s", got, want)
	}
}

func TestFits(t *testing.T) {
	for _, test := range []struct {
		want, got string
		fits      bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"read at …", "read at 2026-11-30", true}, {"offer\n…\nread…", "offer\nscript\nlogin\nread", true},
		{"offer\n…\nread…", "offer\nscript", false}, {"", "", true}, {"", "trouble", false},
	} {
		if fits(test.want, test.got) != test.fits {
			t.Errorf("fits(%q, %q) = %v", test.want, test.got, !test.fits)
		}
	}
}
