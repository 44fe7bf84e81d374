package main

import (
	"fmt"
	"go/ast"
	"strconv"
)

// apiRoom counts the files of package api, and the calls between them that climb:
// from a file to one from which the first can be reached by calls too. Such files are
// one room with a circle in it. A name is found without types: that of a function of the
// package, or of a method that one type of it alone has.
func (t *tree) apiRoom() []figure {
	var files []*file
	for _, f := range t.production() {
		if f.dir() == "api" {
			files = append(files, f)
		}
	}
	home := homes(files)
	calls := map[string]map[string]int{}
	total := 0
	for _, f := range files {
		calls[f.path] = map[string]int{}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if to := home[callee(call)]; to != "" && to != f.path {
					calls[f.path][to]++
					total++
				}
			}
			return true
		})
	}
	climbs := 0
	var names []string
	for _, f := range files {
		for to, n := range calls[f.path] {
			if reaches(calls, to, f.path, map[string]bool{}) {
				climbs += n
				names = append(names, fmt.Sprintf("%s calls %s %d times", f.path, to, n))
			}
		}
	}
	return []figure{
		{what: "files of package api", value: strconv.Itoa(len(files))},
		{what: "calls between its files that are part of a circle, of all between them", value: fmt.Sprintf("%d of %d", climbs, total), names: sorted(names)},
	}
}

// homes are the files of the functions, and of the methods whose name one type has.
func homes(files []*file) map[string]string {
	home, seen := map[string]string{}, map[string]int{}
	for _, f := range files {
		for _, d := range f.syntax.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				name := d.Name.Name
				if receiver(d) != "" {
					name = "." + name
				}
				home[name] = f.path
				seen[name]++
			}
		}
	}
	for name, n := range seen {
		if n > 1 {
			delete(home, name)
		}
	}
	return home
}

// callee is the name that is called: a function's, or a method's after a dot.
func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return "." + f.Sel.Name
	}
	return ""
}

func reaches(calls map[string]map[string]int, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	for next := range calls[from] {
		if !seen[next] && reaches(calls, next, to, seen) {
			return true
		}
	}
	return false
}
