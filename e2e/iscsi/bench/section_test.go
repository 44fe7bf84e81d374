package main

import "testing"

func TestWithSection(t *testing.T) {
	const table = "| a |\n"
	section := beginMark + table + endMark
	for text, want := range map[string]string{
		"":          "## iSCSI\n\n" + section,
		"# Title\n": "# Title\n\n## iSCSI\n\n" + section,
		"x\n" + beginMark + "old\n" + endMark + "y\n": "x\n" + section + "y\n",
	} {
		if got := withSection(text, table); got != want {
			t.Errorf("withSection(%q) = %q, want %q", text, got, want)
		}
	}
}
