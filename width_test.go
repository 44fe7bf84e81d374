package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// widest is how many columns a line of source may have; a tab counts as one.
const widest = 140

// TestLinesFit: no line of Go is wider, but in a raw string of several lines, which no line can end within.
func TestLinesFit(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "build" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		raw := rawLines(source)
		for i, line := range bytes.Split(source, []byte("\n")) {
			if n := utf8.RuneCount(line); n > widest && !raw[i+1] {
				t.Errorf("%s:%d has %d columns, more than %d", path, i+1, n, widest)
			}
		}
		return nil
	})
	if err != nil || seen < 1000 {
		t.Fatalf("%d files, %v", seen, err)
	}
}

// rawLines are the lines, from 1, that a raw string of several lines is on.
func rawLines(source []byte) map[int]bool {
	lines := map[int]bool{}
	file := token.NewFileSet().AddFile("", -1, len(source))
	var s scanner.Scanner
	for s.Init(file, source, nil, 0); ; {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			return lines
		}
		first := file.Line(pos)
		if more := strings.Count(text, "\n"); kind == token.STRING && more > 0 {
			for n := range more + 1 {
				lines[first+n] = true
			}
		}
	}
}
