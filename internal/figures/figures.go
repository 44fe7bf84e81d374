package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figures is the table, in the order in which it is printed.
func (t *tree) figures() []figure {
	list := []figure{t.bootAnswers(), t.rowWrites()}
	list = append(list, t.apiRooms()...)
	list = append(list, t.limiters())
	list = append(list, t.variables()...)
	list = append(list, t.biggestRoom(), t.cliDecisions())
	list = append(list, t.tested()...)
	return append(list, t.commented(), t.undocumented())
}

func counted(what string, names []string) figure {
	return figure{what, strconv.Itoa(len(names)), names}
}

// decls calls visit with every top-level declaration of the production files that
// want accepts.
func (t *tree) decls(want func(*file) bool, visit func(*file, ast.Decl)) {
	for _, f := range t.production() {
		if !want(f) {
			continue
		}
		for _, d := range f.syntax.Decls {
			visit(f, d)
		}
	}
}

func all(*file) bool { return true }

func below(dir string) func(*file) bool {
	return func(f *file) bool { return f.dir() == dir || strings.HasPrefix(f.path, dir+"/") }
}

// bootAnswers counts the declarations outside boot, and outside baremetal that
// gives the key its one reading, that look at image_source: each has its own idea of
// what a machine boots from, or gathers a fact for boot.Decide.
func (t *tree) bootAnswers() figure {
	var names []string
	outside := func(f *file) bool { return !below("boot")(f) && !below("baremetal")(f) && !below("cli/client")(f) }
	t.decls(outside, func(f *file, d ast.Decl) {
		reads := false
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				reads = reads || n.Sel.Name == "ImageSource"
			case *ast.BasicLit:
				reads = reads || n.Value == `"image_source"`
			}
			return true
		})
		if reads {
			names = append(names, t.at(d)+" "+declared(d))
		}
	})
	return counted("places outside boot that read image_source", names)
}

// rowWrites counts tx.X().Insert, Update and Delete, and tx.Append, in the handlers.
func (t *tree) rowWrites() figure {
	var names []string
	t.decls(below("api"), func(_ *file, d ast.Decl) {
		ast.Inspect(d, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && writes(s) {
				names = append(names, t.at(n)+" "+declared(d)+": "+s.Sel.Name)
			}
			return true
		})
	})
	return counted("rows written in handlers (tx.X().Insert, Update, Delete; tx.Append) below api/", names)
}

func writes(s *ast.SelectorExpr) bool {
	switch s.Sel.Name {
	case "Append":
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == "tx"
	case "Insert", "Update", "Delete":
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		set, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := set.X.(*ast.Ident)
		return ok && x.Name == "tx"
	}
	return false
}

// limiting are the names of types that limit how often or how many.
var limiting = regexp.MustCompile(`(?i)(limiter|throttle|bucket|pacer|tries|share|flights)$`)

// admits are methods that only limiters have. Wait, Take and Acquire are not among them:
// too much else waits and takes.
var admits = []string{"Allow", "AllowN", "TryAcquire"}

// limiters counts the types that are called so, or that have a method which lets
// through or does not, and the packages that use golang.org/x/time/rate.
func (t *tree) limiters() figure {
	found := map[string]bool{}
	t.decls(all, func(f *file, d ast.Decl) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if r := receiver(d); r != "" && slices.Contains(admits, d.Name.Name) {
				found[f.dir()+"."+r] = true
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok && limiting.MatchString(s.Name.Name) {
					found[f.dir()+"."+s.Name.Name] = true
				}
				if s, ok := s.(*ast.ImportSpec); ok && s.Path.Value == `"golang.org/x/time/rate"` {
					found[f.dir()+" imports rate"] = true
				}
			}
		}
	})
	return counted("limiters outside internal/limit: types called so, or with a method Allow, TryAcquire; users of x/time/rate",
		slices.Sorted(maps.Keys(found)))
}

// variables counts the package variables by kind.
func (t *tree) variables() []figure {
	kinds := map[string][]string{}
	t.decls(all, func(_ *file, d ast.Decl) {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			return
		}
		for _, s := range g.Specs {
			s := s.(*ast.ValueSpec)
			for i, n := range s.Names {
				if n.Name == "_" {
					continue // a check by the compiler
				}
				var value ast.Expr
				if i < len(s.Values) {
					value = s.Values[i]
				}
				k := kind(value)
				kinds[k] = append(kinds[k], t.at(n)+" "+n.Name)
			}
		}
	})
	total := 0
	for _, names := range kinds {
		total += len(names)
	}
	list := []figure{{what: "package variables", value: strconv.Itoa(total)}}
	for _, k := range []string{"regexps", "errors", "tables", "others"} {
		list = append(list, counted("  "+k, kinds[k]))
	}
	return list
}

// kind is what a variable with this value is.
func kind(value ast.Expr) string {
	switch v := value.(type) {
	case *ast.CompositeLit:
		return "tables"
	case *ast.CallExpr:
		s, ok := v.Fun.(*ast.SelectorExpr)
		if !ok {
			return "others"
		}
		switch x, _ := s.X.(*ast.Ident); {
		case x != nil && x.Name == "regexp":
			return "regexps"
		case s.Sel.Name == "Errorf", x != nil && x.Name == "errors":
			return "errors"
		}
	}
	return "others"
}

func (t *tree) biggestRoom() figure {
	sizes, total := map[string]int{}, 0
	for _, f := range t.production() {
		sizes[f.room()] += f.code
		total += f.code
	}
	rooms := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(sizes[b]-sizes[a], strings.Compare(a, b)) })
	f := figure{what: "share of the biggest room in the lines of code"}
	for _, room := range rooms {
		f.names = append(f.names, fmt.Sprintf("%s %d lines, %.0f %%", room, sizes[room], percent(sizes[room], total)))
	}
	if len(f.names) > 0 {
		f.value = f.names[0]
	}
	return f
}

// cliDecisions counts the lines of cli, without cli/client, in functions that define
// no options.
func (t *tree) cliDecisions() figure {
	n := 0
	var names []string
	t.decls(func(f *file) bool { return f.dir() == "cli" }, func(_ *file, d ast.Decl) {
		function, ok := d.(*ast.FuncDecl)
		if !ok || function.Body == nil || definesOptions(function) {
			return
		}
		size := t.set.Position(d.End()).Line - t.set.Position(d.Pos()).Line + 1
		n += size
		names = append(names, fmt.Sprintf("%s %s %d", t.at(d), declared(d), size))
	})
	return figure{"lines of cli in functions that define no options", strconv.Itoa(n), names}
}

func definesOptions(d *ast.FuncDecl) (yes bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			yes = yes || n.Sel.Name == "Flags" || n.Sel.Name == "PersistentFlags"
		case *ast.CompositeLit:
			s, ok := n.Type.(*ast.SelectorExpr)
			yes = yes || ok && s.Sel.Name == "Command"
		}
		return !yes
	})
	return yes
}

// tested is test to code, of all and of the packages, the thinnest first.
func (t *tree) tested() []figure {
	type pair struct{ code, test int }
	packages := map[string]*pair{}
	var total pair
	for _, f := range t.files {
		if f.room() == "internal" {
			continue
		}
		if f.test {
			total.test += f.code
		} else {
			total.code += f.code
		}
		if f.room() == "e2e" {
			continue // it tests no package of its own
		}
		p := packages[f.dir()]
		if p == nil {
			p = &pair{}
			packages[f.dir()] = p
		}
		if f.test {
			p.test += f.code
		} else {
			p.code += f.code
		}
	}
	thin := figure{what: "packages with less than a third of a line of test to a line of code"}
	names := slices.SortedFunc(maps.Keys(packages), func(a, b string) int {
		x, y := packages[a], packages[b]
		return cmp.Or(x.test*max(y.code, 1)-y.test*max(x.code, 1), strings.Compare(a, b))
	})
	for _, name := range names {
		if p := packages[name]; p.code > 0 && 3*p.test < p.code {
			thin.names = append(thin.names, fmt.Sprintf("%s %.2f", name, float64(p.test)/float64(p.code)))
		}
	}
	thin.value = strconv.Itoa(len(thin.names))
	return []figure{{what: "lines of test to a line of code, e2e included",
		value: fmt.Sprintf("%.2f", float64(total.test)/float64(max(total.code, 1)))}, thin}
}

func (t *tree) commented() figure {
	code, comment := 0, 0
	for _, f := range t.production() {
		code, comment = code+f.code, comment+f.comment
	}
	return figure{what: "lines of comment to a line of code", value: fmt.Sprintf("%.2f", float64(comment)/float64(max(code, 1)))}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
