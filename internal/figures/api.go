package main

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strconv"
)

// apiRooms counts the files of each package at or below api, and the calls between them
// that climb.
func (t *tree) apiRooms() (list []figure) {
	rooms := map[string][]*file{}
	for _, f := range t.production() {
		if below("api")(f) {
			rooms[f.dir()] = append(rooms[f.dir()], f)
		}
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		list = append(list, figure{what: "files of package " + room, value: strconv.Itoa(len(rooms[room]))}, climbs(rooms[room]))
	}
	return list
}

// climbs counts the calls from a file to one from which the first can be reached by calls
// too: such files are one room with a circle in it. A name is found without types: that of a
// function of the package, or of a method that one type of it alone has.
func climbs(files []*file) figure {
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
	return figure{"calls between its files that are part of a circle, of all between them", fmt.Sprintf("%d of %d", climbs, total),
		sorted(names)}
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
