package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// tree is the source of a module.
type tree struct {
	set   *token.FileSet
	files []*file
}

// file is one file of Go.
type file struct {
	path          string // from the root, with slashes
	syntax        *ast.File
	test          bool // or of the tests' own laboratory, e2e
	code, comment int  // lines
}

// dir is the folder of the file, "." for the root.
func (f *file) dir() string { return path.Dir(f.path) }

// room is the top-level folder of the file.
func (f *file) room() string {
	room, _, deeper := strings.Cut(f.path, "/")
	if !deeper {
		return "."
	}
	return room
}

// read parses every file of Go below root, but those of folders that go ignores
// and of modules of their own.
func read(root string) (*tree, error) {
	t := &tree{set: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && foreign(name, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		local, err := filepath.Rel(root, name)
		if err == nil {
			err = t.add(name, filepath.ToSlash(local))
		}
		return err
	})
	if err == nil && len(t.files) == 0 {
		err = fmt.Errorf("%s has no files of Go", root)
	}
	return t, err
}

func foreign(dir, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "build" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) add(name, local string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.set, local, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &file{path: local, syntax: syntax, test: strings.HasSuffix(local, "_test.go") || strings.HasPrefix(local, "e2e/")}
	f.code, f.comment = lines(text)
	t.files = append(t.files, f)
	return nil
}

// lines counts those with code and those with nothing but comment.
func lines(text []byte) (code, comment int) {
	set := token.NewFileSet()
	f := set.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(f, text, nil, scanner.ScanComments)
	has := map[int]token.Token{}
	for {
		pos, kind, literal := s.Scan()
		if kind == token.EOF {
			break
		}
		first := f.Line(pos)
		for n := range strings.Count(literal, "\n") + 1 {
			switch {
			case kind == token.SEMICOLON && literal == "\n": // put in by the scanner
			case kind != token.COMMENT:
				has[first+n] = token.IDENT
			case has[first+n] == token.ILLEGAL:
				has[first+n] = token.COMMENT
			}
		}
	}
	for _, kind := range has {
		if kind == token.COMMENT {
			comment++
		} else {
			code++
		}
	}
	return code, comment
}

// production are the files of the program, without tests and tools.
func (t *tree) production() (list []*file) {
	for _, f := range t.files {
		if !f.test && f.room() != "internal" {
			list = append(list, f)
		}
	}
	return list
}

// at is where a node stands, for people.
func (t *tree) at(n ast.Node) string {
	p := t.set.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// declared names a declaration of a file's top level.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if r := receiver(d); r != "" {
			return r + "." + d.Name.Name
		}
		return d.Name.Name
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				return s.Names[0].Name
			case *ast.TypeSpec:
				return s.Name.Name
			}
		}
	}
	return "import"
}

// receiver is the name of the type that d is a method of, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
