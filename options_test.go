package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLibrariesNameNoOptions holds the words of the command line to package cli: a
// library that advises "--http" is wrong wherever something else has set the address.
func TestLibrariesNameNoOptions(t *testing.T) {
	config, err := os.ReadFile("cli/config.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`\{name: "([a-z-]+)"`).FindAllStringSubmatch(string(config), -1) {
		names = append(names, m[1])
	}
	if len(names) < 15 {
		t.Fatalf("found only the options %q in cli/config.go", names)
	}
	option := regexp.MustCompile(`(^|[^a-z-])--(` + strings.Join(names, "|") + `)([^a-z-]|$)`)
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (path == "cli" || path == "e2e" || path == "tools" || path == "build") {
			return firstOf(err, fs.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && option.MatchString(text.Value) {
				t.Errorf("%s names an option of the command line: %s", path, text.Value)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func firstOf(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
