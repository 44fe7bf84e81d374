package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestReference holds the pages that are committed to the code.
func TestReference(t *testing.T) {
	root, dir := filepath.Join("..", ".."), t.TempDir()
	if err := write(root, dir); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(pages) != 5 {
		t.Fatalf("made %q, %v", pages, err)
	}
	for _, page := range pages {
		want, err1 := os.ReadFile(page)
		got, err2 := os.ReadFile(filepath.Join(root, "docs", "reference", filepath.Base(page)))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("docs/reference/%s is not what the code says (%v, %v): run go run ./packaging/reference", filepath.Base(page), err1, err2)
		}
		if len(want) < 600 {
			t.Errorf("%s has %d bytes only", filepath.Base(page), len(want))
		}
	}
}

// Each metric is on a panel of the dashboard for Grafana, and each panel shows metrics that there are.
func TestDashboardShowsEachMetric(t *testing.T) {
	page, err := metrics(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	board, err := os.ReadFile(filepath.Join("..", "..", "docs", "grafana.json"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile(`"expr": "(.*)"`).FindAllStringSubmatch(string(board), -1) {
		for _, name := range regexp.MustCompile(`\b(?:ironhook|go)_[a-z0-9_]+`).FindAllString(m[1], -1) {
			shown[name] = true
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| (\\w+) \\|").FindAllStringSubmatch(page, -1)
	if len(rows) < 20 {
		t.Fatalf("%d metrics: the page is not read", len(rows))
	}
	for _, row := range rows {
		samples := []string{row[1]}
		if row[2] == "histogram" {
			samples = []string{row[1] + "_bucket", row[1] + "_count", row[1] + "_sum"}
		}
		if !slices.ContainsFunc(samples, func(name string) bool { return shown[name] }) {
			t.Errorf("docs/grafana.json has no panel of %s", row[1])
		}
		for _, name := range samples {
			delete(shown, name)
		}
	}
	for name := range shown {
		t.Errorf("docs/grafana.json shows %s, which docs/reference/metrics.md has not", name)
	}
}
